// The terminal has the keyboard from the start, and again whenever somebody comes back to the tab.
const takeKeyboard = () => document.querySelector(".xterm-helper-textarea")?.focus();
addEventListener("load", takeKeyboard);
addEventListener("focus", takeKeyboard);
