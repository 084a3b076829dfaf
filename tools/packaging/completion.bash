# SPDX-License-Identifier: BSD-2-Clause
# bash completion of holdfastctl. Commands and options come from the program's own help, instances,
# neighbors and events from the daemon: there is no second list to keep.

# Prints "COMMAND ARGUMENT" for each command.
_holdfastctl_commands() {
	"$1" --help 2>/dev/null | awk '
		/^Commands:/ { on = 1; next }
		/^$/         { on = 0 }
		on           { print $1, ($2 ~ /^\[?[A-Z]+\]?$/ ? $2 : "") }'
}

# Prints the instances of the daemon $2.
_holdfastctl_instances() {
	"$1" ${2:+--name "$2"} status 2>/dev/null |
		sed -n 's/^\(.*\): \(INIT\|BACKUP\|MASTER\|FAULT\), priority .*/\1/p'
}

# Prints the BGP neighbors of the daemon $2.
_holdfastctl_neighbors() {
	"$1" ${2:+--name "$2"} bgp 2>/dev/null | sed -n 's/^    \([0-9a-f.:]*\) AS [0-9]*: .*/\1/p'
}

# Prints the numbers of the events that the daemon $2 has kept.
_holdfastctl_events() {
	"$1" ${2:+--name "$2"} events 2>/dev/null | sed -n 's/^\([0-9][0-9]*\) .*/\1/p'
}

# Prints the options of the command $2, if there is one yet, and those of all.
_holdfastctl_options() {
	"$1" --help 2>/dev/null | awk -v command="$2" '/^Options:/ { on = 1 } on || $1 == command' |
		grep -o -- '--[a-z-]*' | sort -u
}

# Prints the names of the daemons that run.
_holdfastctl_daemons() {
	local path
	for path in /run/*/status; do
		if [[ -S $path ]]; then basename "${path%/status}"; fi
	done
}

_holdfastctl() {
	local program=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local i command= name= argument=
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--name) name=${COMP_WORDS[++i]} ;;
		--svg) ((++i)) ;;
		-*) ;;
		*) command=${command:-${COMP_WORDS[i]}} ;;
		esac
	done
	local IFS=$'\n'
	if [[ $prev == --name ]]; then
		COMPREPLY=($(compgen -W "$(_holdfastctl_daemons)" -- "$cur"))
	elif [[ $prev == --svg ]]; then
		compopt -o filenames
		COMPREPLY=($(compgen -f -- "$cur"))
	elif [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$(_holdfastctl_options "$program" "$command")" -- "$cur"))
	elif [[ -z $command ]]; then
		COMPREPLY=($(compgen -W "$(_holdfastctl_commands "$program" | cut -d' ' -f1)" -- "$cur"))
	else
		argument=$(_holdfastctl_commands "$program" | sed -n "s/^$command //p")
		case $argument in
		*INSTANCE*) COMPREPLY=($(compgen -W "$(_holdfastctl_instances "$program" "$name")" -- "$cur")) ;;
		*NEIGHBOR*) COMPREPLY=($(compgen -W "$(_holdfastctl_neighbors "$program" "$name")" -- "$cur")) ;;
		*NUMBER*) COMPREPLY=($(compgen -W "$(_holdfastctl_events "$program" "$name")" -- "$cur")) ;;
		*FILE*) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")) ;;
		esac
	fi
}

complete -F _holdfastctl holdfastctl
