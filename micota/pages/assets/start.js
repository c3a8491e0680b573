"use strict";
// The page begins: the index is unpacked, and the view of the address shown.

(async () => {
  document.documentElement.classList.add("scripted");
  for (const each of all("table.sortable")) sortable(each);
  try {
    state.index = await chunk("index");
  } catch (error) {
    find("#trouble").textContent = `The data of this page cannot be unpacked: ${error.message}`;
    find("#trouble").hidden = false;
    document.documentElement.classList.remove("scripted");
    return;
  }
  for (const model of state.index.models) state.models.set(model.name, model);
  window.addEventListener("hashchange", () => show());
  await show(false);
})();
