/** Lengths of the panel as it stands there. */
export interface Panel {
  widthPx: number;
  heightPx: number;
  screenWidthPx: number;
  screenHeightPx: number;
  diagonalIn: number;
  distanceM: number;
  /** `aim`: capitals of 20 minutes of arc; `least`: the smallest that can be read; `auto` chooses. */
  text: "auto" | "aim" | "least";
  rows: 0 | 1 | 2 | 3;
  side: boolean;
}

export interface Layout {
  pxPerMm: number;
  touch: number;
  font: number;
  columns: number;
  rows: number;
  slots: number;
  side: number;
  bar: number;
  top: number;
  tileWidth: number;
  tileHeight: number;
}

/** Height of a capital to the size of the font, for the sans-serif fonts of panels. */
export const CAPITAL = 0.716;
/** Capital heights in mm at 2 m: the least, and what to aim for. */
export const LEAST_MM = 9.3;
export const AIM_MM = 11.6;
export const TOUCH_MM = 20;

const COLUMN_EM = 8.1;
const SIDE_EM = 7.2;
const ROW_EM = 7.4;
const MOST_COLUMNS = 6;

/** How the tiles stand on a panel. */
export function layout(panel: Panel): Layout {
  const diagonal = Math.min(120, Math.max(5, panel.diagonalIn));
  const pxPerMm = Math.hypot(panel.screenWidthPx, panel.screenHeightPx) / (diagonal * 25.4);
  if (panel.text === "auto") {
    const aim = lay(panel, pxPerMm, AIM_MM);
    return aim.slots >= 6 ? aim : lay(panel, pxPerMm, LEAST_MM);
  }
  return lay(panel, pxPerMm, panel.text === "aim" ? AIM_MM : LEAST_MM);
}

function lay(panel: Panel, pxPerMm: number, capitalMm: number): Layout {
  const distance = Math.min(6, Math.max(0.4, panel.distanceM));
  const font = Math.max(14, Math.ceil(((capitalMm * distance) / 2 / CAPITAL) * pxPerMm));
  const touch = Math.ceil(TOUCH_MM * pxPerMm);
  const top = Math.ceil(Math.max(28, font * 0.95));
  const bar = touch + 8;
  const height = Math.max(1, panel.heightPx - top - bar);
  const side = panel.side ? Math.round(font * SIDE_EM) : 0;
  const width = Math.max(1, panel.widthPx - side);
  const columns = Math.min(MOST_COLUMNS, Math.max(1, Math.floor(width / Math.max(font * COLUMN_EM, touch * 3))));
  const least = Math.max(font * ROW_EM, touch * 4);
  const rows = panel.rows > 0 ? panel.rows : Math.min(3, Math.max(1, Math.floor(height / least)));
  return {
    pxPerMm,
    touch,
    font,
    columns,
    rows,
    slots: columns * rows,
    side,
    bar,
    top,
    tileWidth: Math.floor(width / columns),
    tileHeight: Math.floor(height / rows),
  };
}

/** Whether pinned totals leave at least three columns for tiles. */
export function roomForSide(panel: Panel): boolean {
  return layout({ ...panel, side: true }).columns >= 3;
}
