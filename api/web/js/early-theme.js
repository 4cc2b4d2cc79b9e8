// Sets the chosen colour scheme before anything is painted; without a choice the system's holds.
try {
  const chosen = localStorage.getItem("attest-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is forbidden here: the system's scheme it is.
}
