#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tools/check-docs: clean on a clean tree, red on each name that is not there.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0

result() {	# STATUS WHAT [OUTPUT]
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' <<<"${3:-}"
	fi
}

mkdir -p "$work"/t/{lib,docs,tools}
cd "$work/t" || exit 1
printf '%s\n' '/* old_name() is no more */' 'struct thing { int a_field; };' 'int thing_make(void);' \
	>lib/thing.h
printf '%s\n' 'run test: lib' 'X := 1' >Makefile
touch tools/pack

clean() {	# LINE
	local out
	echo "$1" >docs/page.md
	out=$("$top/tools/check-docs" "$work/t" 2>&1)
	result $? "clean: $1" "$out"
}

red() {		# LINE
	local out
	printf '%s\n' 'a line' "$1" >docs/page.md
	out=$("$top/tools/check-docs" "$work/t" 2>&1)
	if [ $? = 1 ] && [ "$(grep -c . <<<"$out")" = 1 ] && [ "${out#docs/page.md:2: }" != "$out" ]; then
		result 0 "red: $1"
	else
		result 1 "red: $1" "$out"
	fi
}

clean 'text, `lib/thing.h`, `lib/`, `lib/<name>.h`, `lib/*.h` and `build/what/ever`'
clean '`thing_make()`, `struct thing`, `a_field`, `make run`, `make run X=1 test`, `-cpu rv64`'
clean 'a [link](../lib/thing.h#part), another [one](page.md), and [far away](https://example.org/x)'
clean '    tools/pack -o lib/<name>.h lib/t$x.h make'
red '`lib/other.h`'
red '`nowhere/`'
red '`lib/<name>.c`'
red '`thing_break()`'
red '`old_name()`'
red '`struct other`'
red '`b_field`'
red '`make it`'
red 'a [link](other.md)'
red '    tools/unpack -o x'
red 'see lib/other.h'
rm docs/page.md
out=$("$top/tools/check-docs" "$work/t" 2>&1)
result $((! $?)) "no documents are no success" "$out"
echo "1..$n"
