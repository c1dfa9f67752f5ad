// The link works without this: it leads to a list by city. With it, one tap asks for the place once.
(function () {
  var link = document.getElementById("near");
  var form = document.getElementById("here");
  if (!link || !form || !navigator.geolocation) return;
  var text = link.textContent;
  window.addEventListener("pageshow", function () {
    link.textContent = text;
    link.removeAttribute("aria-disabled");
  });
  link.addEventListener("click", function (event) {
    event.preventDefault();
    if (link.getAttribute("aria-disabled")) return;
    link.setAttribute("aria-disabled", "true");
    link.textContent = "正在查找…";
    navigator.geolocation.getCurrentPosition(
      function (found) {
        form.elements.lat.value = found.coords.latitude.toFixed(4);
        form.elements.lon.value = found.coords.longitude.toFixed(4);
        form.submit();
      },
      function () {
        window.location.href = link.href;
      },
      { timeout: 8000, maximumAge: 60000 },
    );
  });
})();
