#compdef holdfastctl holdfastd holdfast-exporter
# SPDX-License-Identifier: BSD-2-Clause
# zsh completion of holdfastctl, holdfastd and holdfast-exporter. Commands and options come from the program's
# --help. Instances, neighbors and events come from the daemon. So this file contains no list of its own.

_holdfastctl_commands() {
	local -a commands
	commands=(${(f)"$(_call_program commands $words[1] --help 2>/dev/null | awk '
		/^Commands:/ { on = 1; next }
		/^$/         { on = 0 }
		on {
			name = $1
			$1 = ""
			if ($2 ~ /^\[?[A-Z]+\]?$/) $2 = ""
			sub(/^ +/, "")
			print name ":" $0
		}')"})
	_describe -t commands command commands
}

_holdfastctl_argument() {
	local argument
	local -a instances ask
	ask=($service ${opt_args[--name]:+--name} ${opt_args[--name]})
	argument=$($service --help 2>/dev/null | sed -n "s/^  $line[1] \(\[*[A-Z][A-Z]*\]*\) .*/\1/p")
	case $argument in
	*INSTANCE*)
		instances=(${(f)"$($ask status 2>/dev/null |
			sed -n 's/^\(.*\): [A-Z]*, \(priority\|service\).*/\1/p')"})
		_describe -t instances instance instances
		;;
	*NEIGHBOR*)
		# No description: an IPv6 address has colons of its own.
		instances=(${(f)"$($ask bgp 2>/dev/null | sed -n 's/^    \([0-9a-f.:]*\) AS [0-9]*: .*/\1/p')"})
		_wanted neighbors expl neighbor compadd -a instances
		;;
	*NUMBER*)
		instances=(${(f)"$($ask events 2>/dev/null | sed -n 's/^\([0-9][0-9]*\) .*/\1/p')"})
		_wanted events expl event compadd -V events -a instances
		;;
	*FILE*) _files ;;
	*) _message 'no argument' ;;
	esac
}

_holdfastctl_daemons() {
	local -a names
	names=(/run/*/status(N=:h:t))
	_describe -t daemons daemon names
}

# Puts the options of the command in the line into $options.
_holdfastctl_options() {
	local i command= option
	for ((i = 2; i < CURRENT; i++)); do
		case $words[i] in
		--name|--svg) ((i++)) ;;
		-*) ;;
		*) command=${command:-$words[i]} ;;
		esac
	done
	options=()
	[[ -n $command ]] || return 0
	for option in ${(f)"$(_call_program options $words[1] --help 2>/dev/null |
		awk -v command=$command '/^Options:/ { exit } $1 == command' | grep -o -- '--[a-z-]*')"}; do
		[[ $option == --svg ]] && option+='[a picture of it]:file:_files'
		options+=($option)
	done
}

# holdfastd and holdfast-exporter: the options of their help, files behind -f.
_holdfastd() {
	local option
	local -a specs
	for option in ${(fu)"$(_call_program options $words[1] --help 2>&1 |
		grep -oE '(^|[ ,])-(-[a-z-]+|[a-zA-Z])' | tr -d ' ,')"}; do
		case $option in
		-f|--use-file) option+=':file:_files' ;;
		--name) option+='[the name of the daemon]:name:_holdfastctl_daemons' ;;
		-i|--config-id|--listen|--datapath) option+=':value: ' ;;
		esac
		specs+=($option)
	done
	_arguments -S $specs
}

if [[ $service != holdfastctl ]]; then
	_holdfastd
	return
fi
local -a options
_holdfastctl_options
_arguments -S \
	$options \
	'--name[the name of the daemon]:name:_holdfastctl_daemons' \
	'--json[the answer as JSON]' \
	'(- *)'{-h,--help}'[help]' \
	'(- *)--version[the version]' \
	'1:command:_holdfastctl_commands' \
	'2:argument:_holdfastctl_argument'
