// Sends the code that `prestic-ctl web` has put into the address, which is then out of it.
document.getElementById("login")?.requestSubmit();
