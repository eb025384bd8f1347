import { render, type JSX } from "preact";
import { App } from "./app.ts";
import "./style.css";
import { AllDay, BottomBar, CookingStrip, ExpediterStrips, GuestBoard, StaleBanner, Tiles, TopBar } from "./views/board.tsx";
import { DialogView, LockView } from "./views/dialogs.tsx";
import { PairingView, SetUp, WaitingView } from "./views/setup.tsx";

function Page({ app }: { app: App; n: number }): JSX.Element {
  if (app.settingUp) return <SetUp app={app} />;
  if (!app.identity) return <PairingView app={app} />;
  if (!app.screen) return <WaitingView app={app} />;
  const view = app.view();
  if (view === "board") return <GuestBoard app={app} />;
  return (
    <div class={`screen ${view} ${app.stale() || !app.agentOnline ? "stale" : ""}`} data-testid="view" data-view={view}>
      <TopBar app={app} />
      {view === "expediter" ? <ExpediterStrips app={app} /> : null}
      {view === "waiter" ? <CookingStrip app={app} /> : null}
      <div class="middle-row">
        <Tiles app={app} />
        <AllDay app={app} />
        <StaleBanner app={app} />
      </div>
      <BottomBar app={app} />
      <DialogView app={app} />
      <LockView app={app} />
    </div>
  );
}

const root = document.getElementById("app");
let n = 0;
if (root) new App((app) => render(<Page app={app} n={n++} />, root));
