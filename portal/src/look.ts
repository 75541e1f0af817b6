import { applyMode, Mode } from "@cloudscape-design/global-styles";

/** Light or dark as the system is, also when it changes its mind. */
export function followSystemLook() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => applyMode(dark.matches ? Mode.Dark : Mode.Light);
  dark.addEventListener("change", apply);
  apply();
}
