# `make help`: what each target does stands in the Makefile behind ##; scripts/help.txt has groups, order and times.
# A line of it that does not begin with a target is a heading, or the last words.
BEGIN { WIDTH = 119; INDENT = 29 }

NR == FNR {
    if (match($0, /^[a-z-]+:.*## /)) { target = $0; sub(/:.*/, "", target); does[target] = substr($0, RLENGTH + 1) }
    next
}

{ target = $1; sub(/[^ ]+ +/, "", $0) }

!(target in does) { print ($0 == target) ? target : target " " $0; next }

{
    line = sprintf("  %-15s %-10s ", target, $0)
    count = split(does[target], words, " ")
    for (i = 1; i <= count; i++) {
        if (length(line) + length(words[i]) > WIDTH) { sub(/ +$/, "", line); print line; line = sprintf("%" INDENT "s", "") }
        line = line words[i] " "
    }
    sub(/ +$/, "", line)
    print line
}
