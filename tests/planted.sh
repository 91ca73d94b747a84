# SPDX-License-Identifier: BSD-2-Clause
# For tests of a check of the sources: a small tree, what is planted in it, and what the check says.
# To be sourced with the name of the check, of tools/. TAP; finish prints the plan.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
tool=$top/tools/$1
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

tree() {	# FOLDER...: an empty tree with these folders; from here on the working directory
	rm -rf "$work/t"
	mkdir "$work/t"
	cd "$work/t" || exit 1
	[ $# = 0 ] || mkdir -p "$@"
}

says_nothing() {	# WHAT
	local out
	out=$("$tool" "$work/t" 2>&1)
	result $? "$1" "$out"
}

says() {	# WHAT REGEX: it fails, and one line at least is such a one
	local out
	out=$("$tool" "$work/t" 2>&1)
	[ $? = 1 ] && grep -qE "$2" <<<"$out"
	result $? "$1" "$out"
}

says_one() {	# WHAT PLACE: it fails, with one line, of this place
	local out
	out=$("$tool" "$work/t" 2>&1)
	[ $? = 1 ] && [ "$(grep -c . <<<"$out")" = 1 ] && [ "${out#"$2: "}" != "$out" ]
	result $? "$1" "$out"
}

finish() {	# WHAT: nothing to look at is no success
	local out
	tree
	out=$("$tool" "$work/t" 2>&1)
	result $((! $?)) "$1" "$out"
	echo "1..$n"
}
