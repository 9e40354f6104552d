/*
 * check.js - says why the page cannot work, where the modules would only be silent.
 *
 * A plain script in old JavaScript: it runs from a file and in any browser, also when a module is missing.
 */
(function () {
    "use strict";
    var page = document.documentElement;

    function failPart() {
        if (!page.hasAttribute("data-state")) // main.mjs sets it
            fail("A part of this page is missing, or does not run in this browser: load the page again.");
    }

    function fail(why) {
        if (page.className) // the first reason is the cause of the others
            return;
        document.getElementById("failure").textContent = why;
        document.getElementById("failure").hidden = false;
        document.getElementById("state").textContent = "Not started";
        page.className = "failed";
    }

    /* An element's event does not rise to the window: it is caught on its way down. */
    window.addEventListener("error", function (event) {
        if (event.target === window || event.target.tagName === "SCRIPT")
            failPart();
    }, true);
    window.addEventListener("load", failPart); // modules have run, if they came whole
    if (location.protocol === "file:")
        fail("This page was opened as a file, from which browsers load no modules: run ./ksm web, or put the " +
            "directory on a web server, and open it there.");
    else if (typeof WebAssembly !== "object")
        fail("This browser has no WebAssembly, or it is switched off, and the computer in this page needs it.");
    else if (typeof DecompressionStream !== "function" || !Array.prototype.findLast)
        fail("This browser is too old for this page: Chrome 97, Firefox 119, Safari 16.4 and newer ones will do.");
    else
        document.getElementById("state").textContent = "Loading\u2026";
})();
