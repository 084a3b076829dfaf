# SPDX-License-Identifier: BSD-2-Clause
# The Makefile of Holdfast. `make help` lists the targets.
#
# Sources are found by folder, headers by the compilers (-MMD, for C and BPF objects alike). A test or
# fuzz target names the objects that it links in a line "Links: user/a.c user/b.c" of its first comment. So an
# unwanted dependency fails to link.

NAME    := holdfast
RELEASE := $(shell cat VERSION)
# 0.2.0 if the commit has this tag, otherwise 0.2.0-dev+gCOMMIT; without git the number of the release.
VERSION := $(RELEASE)$(shell git describe --tags --exact-match --match 'v$(RELEASE)' > /dev/null 2>&1 || \
             git describe --always --dirty --exclude '*' 2>/dev/null | sed 's/^/-dev+g/')

CC      ?= gcc
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
DESTDIR ?=
PREFIX  ?= /usr

ifeq ($(SAN),1)
OUT := build/san
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else
OUT := build
SANFLAGS :=
endif
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(patsubst $(OUT)/%,%,$@)';)

# Warnings are errors in a clone and in CI. In a release they are not, because a newer compiler may have new
# warnings.
WERROR   ?= $(if $(wildcard .git),-Werror)
# These flags make memory faults harder to exploit. `make SAN=1` finds the faults instead.
# Level 3 of _FORTIFY_SOURCE if compiler and C library know it; otherwise it would cause a warning.
ifneq ($(SAN),1)
FORTIFY  := $(shell echo '\#include <stdio.h>' | $(CC) -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -Werror -E -x c - \
              > /dev/null 2>&1 && echo 3 || echo 2)
HARDEN   := -fstack-protector-strong -fPIE $(if $(filter -O0,$(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(FORTIFY))
HARDEN_LD := -pie -Wl,-z,relro,-z,now
endif
WARN     := -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wcast-qual -Wformat=2 -Wundef -Wvla
# The sanitizers need only the lines of the debug information, and no more than this optimization.
CFLAGS   ?= $(if $(filter 1,$(SAN)),-O1 -g1,-O2 -g)
override CFLAGS += -std=gnu11 $(WARN) $(HARDEN) $(SANFLAGS) -ffile-prefix-map=$(CURDIR)/=
override LDFLAGS += $(HARDEN_LD)
override CPPFLAGS += -D_GNU_SOURCE -Iinclude -Iuser -I$(OUT)
BPFFLAGS := -g -O2 -target bpf -mcpu=v3 -Wall -Wextra $(WERROR) -Wno-unused-parameter \
            -ffile-prefix-map=$(CURDIR)/= -I. -Iinclude -Ibpf

# What each library is for.
LIB_BPF    := -lbpf -lelf -lz     # loading and pinning the kernel half
LIB_MNL    := -lmnl               # rtnetlink: links and addresses
LIB_JSON   := -ljson-c            # the control protocol and `--json`
LIB_MHD    := -lmicrohttpd        # the exporter's HTTP
LIB_CAPNG  := -lcap-ng            # dropping capabilities
LIB_CMOCKA := -lcmocka            # tests
# libcurl, for HTTP checks, is not linked: the runner loads it for the first check (user/runner/libcurl.h).
LIBS       := $(LIB_BPF) $(LIB_MNL) $(LIB_JSON) $(LIB_CAPNG) -lpthread

DAEMON_SRC := $(filter-out $(wildcard user/cli/*.c user/client/*.c user/exporter/*.c), \
                $(wildcard user/*/*.c user/engine/*/*.c)) user/main.c
CTL_SRC    := $(wildcard user/cli/*.c user/client/*.c user/config/*.c) user/core/addr.c user/core/log.c user/core/nearest.c \
              user/core/net_route.c user/core/prefix_index.c user/core/secret.c user/core/json_read.c user/core/utf8.c
EXPORT_SRC := $(wildcard user/exporter/*.c) $(filter-out user/client/client.c,$(wildcard user/client/*.c)) \
              user/core/confine.c user/core/json_read.c user/core/utf8.c
UNIT_SRC   := $(wildcard tests/unit/test_*.c)
BPFT_SRC   := $(wildcard tests/bpf/test_*.c)
SIM_SRC    := $(wildcard tests/sim/test_*.c)
FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)
BENCH_SRC  := $(wildcard tests/bench/bench_*.c)
LAB_SRC    := $(wildcard tests/lab/*.c)
TEST_SRC   := $(UNIT_SRC) $(BPFT_SRC) $(SIM_SRC) $(LAB_SRC)
LAB_TOOLS  := $(patsubst tools/%.c,$(OUT)/%,$(wildcard tools/*.c))

obj   = $(patsubst %.c,$(OUT)/%.o,$(1))
# The objects that the "Links:" lines of a test name, and the test itself. A name that ends in "/" is a whole
# folder. Files of tests/fakes/ have their own "Links:" lines.
named = $(foreach l,$(shell sed -n 's|^[ */]*Links: *||p' $(1) /dev/null),$(if $(l:%/=),$(l),$(wildcard $(l)*.c)))
links = $(call obj,$(sort $(1) $(call named,$(1)) $(call named,$(filter tests/fakes/%,$(call named,$(1))))))

PROGRAMS := $(if $(wildcard user/main.c),$(OUT)/holdfastd) $(if $(wildcard user/cli/*.c),$(OUT)/holdfastctl) \
            $(OUT)/holdfast-exporter

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help deps lint check check-distros check-kernels fault-injection soak demo tidy clean tests fuzz FORCE
.PHONY: bench bench-checks bench-failover bench-datapath bench-flood bench-packet bench-scale
all: $(PROGRAMS) $(LAB_TOOLS) ## build holdfastd, holdfastctl and the lab's tools into build/

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1 /p' Makefile tools/packaging/install.mk | \
		while read -r t d; do printf '  make %-9s %s\n' "$$t" "$$d"; done
	@echo '  V=1 shows the commands, SAN=1 builds with ASan and UBSan into build/san/'

# --- programs ---------------------------------------------------------------------------------------
$(OUT)/holdfastd: $(call obj,$(DAEMON_SRC))
	$(call say,LINK)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(OUT)/holdfastctl: $(call obj,$(CTL_SRC))
	$(call say,LINK)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_JSON) -lpthread

$(OUT)/holdfast-exporter: $(call obj,$(EXPORT_SRC))
	$(call say,LINK)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_JSON) $(LIB_MHD)

$(LAB_TOOLS): $(OUT)/%: tools/%.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -MMD -MP -MF $@.d -o $@ $<

# The new text replaces the file if it differs. Two makes at the same time do not disturb each other.
replace = cmp -s $$new $@ && rm $$new || mv $$new $@

# A separate file, so that a new commit rebuilds only the files that contain the version.
$(OUT)/version.h: FORCE
	@mkdir -p $(@D)
	@new=$@.$$$$; printf '#define HF_VERSION "%s"\n' '$(VERSION)' > $$new; $(replace)

# If the flags change, all objects are built again.
$(OUT)/flags: FORCE
	@mkdir -p $(@D)
	@new=$@.$$$$; printf '%s\n' '$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)' > $$new; $(replace)

$(OUT)/%.o: %.c $(OUT)/flags | $(OUT)/version.h
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Files that are embedded into a program, as the octets of a C array.
$(OUT)/exporter/%.h: user/exporter/%
	@mkdir -p $(@D)
	$(call say,EMBED)od -An -v -tu1 $< | sed 's/\([0-9][0-9]*\)/\1,/g; $$ s/,$$//' > $@
$(OUT)/exporter/%.h: docs/%
	@mkdir -p $(@D)
	$(call say,EMBED)od -An -v -tu1 $< | sed 's/\([0-9][0-9]*\)/\1,/g; $$ s/,$$//' > $@
$(call obj,user/exporter/page.c): $(OUT)/exporter/page.html.h
$(call obj,user/exporter/page_alarms.c): $(OUT)/exporter/alarms.md.h

# --- the kernel half: source -> object -> linked object -> skeleton ---------------------------------
$(OUT)/%.bpf.o: %.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF)$(CLANG) $(BPFFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $@.tmp $<
	$(Q)$(BPFTOOL) gen object $@ $@.tmp && rm -f $@.tmp

$(OUT)/%.skel.h: $(OUT)/%.bpf.o
	$(call say,SKEL)$(BPFTOOL) gen skeleton $< name $(subst .,_,$(notdir $*)) > $@

# Objects that include the skeleton are built after it. Later the compiler's dependency files ensure this.
SKELETONS := $(patsubst %.bpf.c,$(OUT)/%.skel.h,$(wildcard bpf/*.bpf.c))
$(call obj,$(wildcard user/datapath/*.c tests/bpf/*.c tests/bench/*.c)): | $(SKELETONS)

# --- tests ------------------------------------------------------------------------------------------
TESTS := $(patsubst %.c,$(OUT)/%,$(TEST_SRC))
FUZZ  := $(patsubst %.c,$(OUT)/%,$(FUZZ_SRC))
LAB_BIN := $(patsubst %.c,$(OUT)/%,$(LAB_SRC))
BENCH := $(patsubst %.c,$(OUT)/%,$(BENCH_SRC))
tests: $(TESTS) $(OUT)/tests/fault/no_memory.so ## build the unit, BPF and simulator tests
fuzz: $(FUZZ) ## build the fuzz targets (clang, libFuzzer)

# A library that is preloaded into the programs and lets allocations fail.
$(OUT)/tests/fault/no_memory.so: tests/fault/no_memory.c
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(CPPFLAGS) $(filter-out -fPIE,$(CFLAGS)) -fPIC -shared -MMD -MP -MF $@.d -o $@ $<

.SECONDEXPANSION:
$(TESTS) $(BENCH): $(OUT)/%: $$(call links,%.c)
	$(call say,LINK)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_CMOCKA) $(LIBS)
$(OUT)/tests/unit/test_cli: | $(OUT)/holdfastctl # the test runs it

# The fuzz targets share their objects, which clang builds apart from those of the programs. Another make may read the
# dependency files meanwhile, so each is whole when it appears.
FUZZFLAGS := -std=gnu11 -gline-tables-only -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
$(OUT)/fuzz/%.o: %.c | $(OUT)/version.h
	@mkdir -p $(@D)
	$(call say,FUZZ)$(CLANG) $(CPPFLAGS) $(FUZZFLAGS) -MMD -MP -MF $@.tmp -c -o $@ $< && mv $@.tmp $(@:.o=.d)

$(FUZZ): $(OUT)/%: $$(subst $$(OUT)/,$$(OUT)/fuzz/,$$(call links,%.c))
	@mkdir -p $(@D)
	$(call say,LINK)$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS)

tidy: ## check the tree's style: sizes, banned calls, the include rule, pure objects
	$(Q)tools/tidy $(OUT)

lint: all ## gcc -fanalyzer, clang-tidy and cppcheck (installs them; minutes); LINT=gcc: one of them
	$(Q)tools/deps --lint
	$(Q)tools/lint --build $(OUT) $(LINT)

# The routers and the browser of the tests are installed while the programs are built.
check: ## run all tests (as root, or by sudo); installs missing packages
	$(Q)tools/deps --build
	$(Q)tools/deps --if-missing & $(MAKE) --no-print-directory -j$$(nproc) all tests && wait $$!
	$(Q)tests/run

check-distros: ## build and run the unit tests in a Debian 13 tree, and with Ubuntu 24.04's compilers (minutes)
	$(Q)tools/matrix --keep check-distros tools/check-distros

fault-injection: all tests ## let every system call and every allocation fail once (as root; hours)
	$(Q)tests/fault/inject --all --table $(OUT)/fault-injection.tsv
	$(Q)tests/fault/memory --all --table $(OUT)/fault-memory.tsv

SOAK = $(if $(HOURS),--hours $(HOURS)) $(if $(SEED),--seed $(SEED)) $(if $(STEPS),--steps $(STEPS))
soak: all $(LAB_BIN) ## faults by chance in a lab of three nodes and two routers: HOURS=n (2), SEED=n (as root)
	$(Q)tests/chaos/soak $(SOAK)

check-kernels: all tests ## test the kernel half on Debian's Linux 6.1 and 6.12, also PREEMPT_RT, under qemu (minutes)
	$(Q)tools/matrix --keep check-kernels tools/check-kernels

sim: $(OUT)/tests/sim/test_sim ## simulate: SEEDS=n histories from FIRST on, or SEED=n with its trace
	$(Q)$(if $(SEEDS),SIM_SEEDS=$(SEEDS)) $(if $(FIRST),SIM_FIRST=$(FIRST)) $(if $(SEED),SIM_SEED=$(SEED)) $<

demo: ## show what each failure costs a client: two nodes, a BIRD router (as root, or by sudo)
	$(Q)tools/deps --if-missing
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tools/demo

bench: bench-checks bench-outages bench-service
bench: bench-failover bench-datapath bench-prefixes bench-reroute ## run all measurements, draw pictures (as root, idle; hours)
	$(Q)tests/bench/draw
bench-failover: all ## measure failover times, ten runs each
	@mkdir -p $(OUT)/bench
	$(Q)tests/bench/failover --json $(OUT)/bench/failover.json
bench-datapath: all $(BENCH) $(LAB_BIN) ## compare the data path with its targets and keepalived; PARTS=scale: one part
	$(Q)tests/bench/datapath $(PARTS)
bench-checks: all ## measure adverts beside 200 scripts, dead services, the cost of a TCP check (PARTS=deaths: one part)
	$(Q)tests/bench/checks $(PARTS)
bench-flood: all $(OUT)/tests/lab/vrrpflood ## count false failovers under forged adverts and CPU hogs, also of keepalived
	@mkdir -p $(OUT)/bench
	$(Q)tests/bench/flood --json $(OUT)/bench/flood.json $(if $(RUNS),--runs $(RUNS))
bench-packet: $(BENCH) ## measure the cost of a packet in the kernel half
	$(Q)tests/bench/datapath --json $(OUT)/bench/datapath-packet.json packet
bench-scale: all ## measure the CPU time of many instances and by their number, compared with keepalived
	@mkdir -p $(OUT)/bench
	$(Q)tests/bench/scale --json $(OUT)/bench/scale.json $(if $(RUNS),--runs $(RUNS))

OUTAGES = $(if $(RUNS),--runs $(RUNS)) $(if $(ROUNDS),--rounds $(ROUNDS))
bench-outages: all ## measure dead hosts with adverts, with probes, and with keepalived and BIRD with BFD (minutes)
	@mkdir -p $(OUT)/bench
	$(Q)tests/bench/outages --json $(OUT)/bench/outages.json $(OUTAGES)
bench-detection: all ## the same, with kill -9 and SIGSTOP, a table and a picture (RUNS=2 ROUNDS=1: two minutes)
	@mkdir -p $(OUT)/bench
	-$(Q)tests/bench/outages --all --json $(OUT)/bench/outages.json $(OUTAGES)
	$(Q)tests/bench/draw outages

bench-steady: all $(OUT)/tests/lab/vrrpflood ## count false detections beside BIRD and FRR (hours)
	@mkdir -p $(OUT)/bench
	$(Q)tests/bench/steady --json $(OUT)/bench/steady.json
bench-moves: all ## measure planned moves with four routers, settled or not, with CPU hogs or not (minutes)
	@mkdir -p $(OUT)/bench
	$(Q)tests/lab/test_moves --long --json $(OUT)/bench/moves.json
bench-service: all ## measure dead services behind ECMP, compared with exabgp's healthcheck; 10,000 prefixes; drains
	@mkdir -p $(OUT)/bench
	$(Q)tests/bench/service --json $(OUT)/bench/service.json
.PHONY: bench-prefixes bench-reroute bench-compare bench-outages bench-detection bench-moves bench-service bench-steady
bench-compare: ## compare the figures of build/bench/ with the committed ones (ratios to the peer of the same run)
	$(Q)tests/bench/draw --compare
bench-prefixes: all ## measure takeovers of 100 to 10,000 prefixes, compared with BIRD
	@mkdir -p $(OUT)/bench
	$(Q)tests/bench/prefixes --json $(OUT)/bench/prefixes.json $(if $(RUNS),--runs $(RUNS))
bench-reroute: all tests ## measure the time from the UPDATE of a new MASTER to the route of each router
	$(Q)tests/bench/reroute

deps: ## install the missing Debian 12 packages, those of the tests too (only for building: tools/deps --build)
	$(Q)tools/deps

clean: ## remove build/
	rm -rf build

include tools/packaging/install.mk

OTHERS := $(if $(filter build,$(OUT)),-path build/san -o) -path build/deb -o -path build/rpm -o -path build/distros
-include $(shell find $(OUT) \( $(OTHERS) \) -prune -o -type f -name '*.d' -print 2>/dev/null)
