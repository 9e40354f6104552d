/*
 * check.js - says why the page cannot work, where the modules would only be silent.
 *
 * A plain script in old JavaScript: it runs from a file and in any browser.
 */
(function () {
    "use strict";
    var why = "";

    if (location.protocol === "file:")
        why = "This page was opened as a file, from which browsers load no modules: run ./ksm web, or put the " +
            "directory on a web server, and open it there.";
    else if (typeof WebAssembly !== "object" || typeof DecompressionStream !== "function" ||
            !("noModule" in document.createElement("script")))
        why = "This browser is too old for this page: Chrome 90, Firefox 114, Safari 16.4 and newer ones will do.";
    if (why) {
        document.getElementById("failure").textContent = why;
        document.getElementById("failure").hidden = false;
        document.getElementById("state").textContent = "Not started";
        document.documentElement.className = "failed";
    }
})();
