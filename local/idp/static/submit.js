document.querySelector("button[form]").click();
