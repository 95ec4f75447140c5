// Keys for those who judge: they act while the focus is in the judgement, and never inside a text field.
(function () {
  "use strict";
  var form = document.getElementById("judgement");
  if (!form) return;
  function choose(name, value) {
    var field = document.querySelector('[form="judgement"][name="' + name + '"][value="' + value + '"]');
    if (field) { field.checked = true; field.focus(); }
  }
  var keys = {
    v: function () { choose("verdict", "violating"); },
    n: function () { choose("verdict", "not_violating"); },
    c: function () { choose("age", "child"); },
    u: function () { choose("age", "unsure"); },
    a: function () { choose("age", "adult"); },
    l: function () { var b = document.querySelector('[data-key="l"]'); if (b) b.click(); },
  };
  document.getElementById("main").addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    var target = event.target;
    if (target.tagName === "TEXTAREA" || target.tagName === "SELECT" || target.type === "text") return;
    if (/^[1-9]$/.test(event.key)) {
      var clauses = document.querySelectorAll('[form="judgement"][name="clause"]');
      var clause = clauses[Number(event.key) - 1];
      if (clause) { clause.checked = true; clause.focus(); event.preventDefault(); }
      return;
    }
    if (Object.prototype.hasOwnProperty.call(keys, event.key)) { keys[event.key](); event.preventDefault(); }
  });
  document.getElementById("main").focus({ preventScroll: true });
})();
