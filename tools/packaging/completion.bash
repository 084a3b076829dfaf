# SPDX-License-Identifier: BSD-2-Clause
# bash completion of holdfastctl, holdfastd and holdfast-exporter. Commands and options come from the program's
# --help. Instances, neighbors and events come from the daemon. So this file contains no list of its own.

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
		sed -n 's/^\(.*\): [A-Z]*, \(priority\|service\).*/\1/p'
}

# Prints the BGP neighbors of the daemon $2.
_holdfastctl_neighbors() {
	"$1" ${2:+--name "$2"} bgp 2>/dev/null | sed -n 's/^    \([0-9a-f.:]*\) AS [0-9]*: .*/\1/p'
}

# Prints the numbers of the recorded events of the daemon $2.
_holdfastctl_events() {
	"$1" ${2:+--name "$2"} events 2>/dev/null | sed -n 's/^\([0-9][0-9]*\) .*/\1/p'
}

# Prints the options of the command $2, if it is known, and the options of all commands.
_holdfastctl_options() {
	"$1" --help 2>/dev/null | awk -v command="$2" '/^Options:/ { on = 1 } on || $1 == command' |
		grep -o -- '--[a-z-]*' | sort -u
}

# Prints the names of the running daemons.
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
		*NUMBER*) compopt -o nosort # otherwise 10 comes before 9
			COMPREPLY=($(compgen -W "$(_holdfastctl_events "$program" "$name")" -- "$cur")) ;;
		*FILE*) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")) ;;
		esac
	fi
}

# holdfastd and holdfast-exporter: options, and files after the options that take one.
_holdfastd() {
	local program=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	COMPREPLY=()
	case $prev in
	-f | --use-file) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")) ;;
	--datapath) COMPREPLY=($(IFS=" "; compgen -W "xdp tc raw" -- "$cur")) ;;
	-i | --config-id | --listen) ;;
	--name) COMPREPLY=($(compgen -W "$(_holdfastctl_daemons)" -- "$cur")) ;;
	*) COMPREPLY=($(compgen -W "$("$program" --help 2>&1 | grep -oE '(^|[ ,])-(-[a-z-]+|[a-zA-Z])' |
		tr -d ' ,' | sort -u)" -- "$cur")) ;;
	esac
}

complete -F _holdfastctl holdfastctl
complete -F _holdfastd holdfastd holdfast-exporter
