// Keeps the part of the page fresh that changes by itself. Without it the page is as it was when it was loaded.
const live = document.getElementById("live");

async function refresh() {
  try {
    const answer = await fetch("/status/live", { cache: "no-store" });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const fresh = await answer.text();
    // Nothing changes under a finger, and what was unfolded stays so.
    if (!live.contains(document.activeElement)) {
      const open = [...live.querySelectorAll("details[open]")].map((one) => one.id);
      live.innerHTML = fresh;
      for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    }
    document.body.classList.remove("stale");
  } catch {
    document.body.classList.add("stale");
  }
  setTimeout(refresh, 2000);
}

refresh();
