#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tools/check-docs: clean on a clean tree, red on each name that is not there.
. "$(dirname "$0")/../planted.sh" check-docs

tree lib docs tools
printf '%s\n' '/* old_name() is no more */' 'struct thing { int a_field; };' 'int thing_make(void);' \
	>lib/thing.h
printf '%s\n' 'run test: lib' 'X := 1' >Makefile
touch tools/pack

clean() {	# LINE
	echo "$1" >docs/page.md
	says_nothing "clean: $1"
}

red() {		# LINE
	printf '%s\n' 'a line' "$1" >docs/page.md
	says_one "red: $1" docs/page.md:2
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
finish "no documents are no success"
