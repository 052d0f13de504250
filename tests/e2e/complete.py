"""Shows what a shell makes of lines that end in Tab.

complete.py SHELL SCRIPT LINE...: types each line, Tab and Enter into an interactive shell
(bash or zsh) that has loaded the completion, and prints the words that the program then
gets. The program is $RIFEC for --generate, and otherwise a function that prints its
arguments.
"""
import os
import pty
import select
import sys
import time

shell, script, *lines = sys.argv[1:]
script = os.path.abspath(script)
setup = """rifec() {
    if [ "$1" = --generate ]; then "$RIFEC" "$@"; else printf 'GOT<%s>\\n' "$*"; fi
}
PS1='$ '
"""
if shell == "bash":
    setup += ". %s\n" % script
    command = ["bash", "--norc", "--noprofile", "-i"]
else:
    folder = script + ".d"
    os.makedirs(folder, exist_ok=True)
    os.replace(script, os.path.join(folder, "_rifec"))
    setup += "fpath=(%s $fpath); autoload -U compinit; compinit -D -u\n" % folder
    command = ["zsh", "-f", "-i"]
setup += "echo REA''DY\n"

pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "dumb"
    os.execvp(command[0], command)


def read_until(end, seconds=60):
    text, limit = "", time.monotonic() + seconds
    while end not in text and time.monotonic() < limit:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                text += os.read(terminal, 65536).decode(errors="replace")
            except OSError:
                break
    return text


os.write(terminal, setup.encode())
read_until("READY\r")
for line in lines:
    os.write(terminal, (line + "\t\n").encode())
    text = read_until(">\r")
    if "GOT<" not in text:
        print("no answer to %r: %r" % (line, text))
        break
    print(text.rsplit("GOT<", 1)[1].split(">")[0])
os.write(terminal, b"exit\n")
read_until("\0", 0.5)
os.close(terminal)
os.waitpid(pid, 0)
