// Comforts only: every page works without this file.
document.addEventListener("input", (event) => {
  // The slider over a record's days says where it stands.
  const slider = event.target.closest("input[data-days]");
  if (!slider) return;
  const days = slider.dataset.days.split(" ");
  const field = document.getElementById(slider.dataset.for);
  field.value = days[slider.value];
  document.getElementById(slider.dataset.says).textContent = days[slider.value];
});
document.addEventListener("change", (event) => {
  // A changed choice is answered at once; without scripts the button does it.
  const form = event.target.form;
  if (form && form.matches("form[data-live]")) form.requestSubmit();
});
document.addEventListener("dragover", (event) => { if (event.target.closest("textarea[data-drop]")) event.preventDefault(); });
document.addEventListener("drop", async (event) => {
  // A file dropped on the text is read in the browser, and sent when the button is pressed.
  const area = event.target.closest("textarea[data-drop]");
  if (!area || !event.dataTransfer.files.length) return;
  event.preventDefault();
  area.value = await event.dataTransfer.files[0].text();
});
