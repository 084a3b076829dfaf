# SPDX-License-Identifier: BSD-2-Clause
# Holdfast's one Makefile. `make help` lists what it can do.
#
# Sources are found by folder, headers by the compilers (-MMD, for C and BPF objects alike). A test or
# fuzz target names the objects it links in a line "Links: user/a.c user/b.c" of its opening comment: an
# unwanted dependency then fails to link.

NAME    := holdfast
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

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

WARN     := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wcast-qual -Wformat=2 -Wundef -Wvla
CFLAGS   ?= -O2 -g
override CFLAGS += -std=gnu11 $(WARN) $(SANFLAGS) -ffile-prefix-map=$(CURDIR)/=
override CPPFLAGS += -D_GNU_SOURCE -Iinclude -Iuser -I$(OUT)
BPFFLAGS := -g -O2 -target bpf -mcpu=v3 -Wall -Wextra -Werror -Wno-unused-parameter \
            -ffile-prefix-map=$(CURDIR)/= -I. -Iinclude -Ibpf

# What each library is for.
LIB_BPF    := -lbpf -lelf -lz     # loading and pinning the kernel half
LIB_MNL    := -lmnl               # rtnetlink: links and addresses
LIB_JSON   := -ljson-c            # the control protocol and `--json`
LIB_MHD    := -lmicrohttpd        # the exporter's HTTP
LIB_CAPNG  := -lcap-ng            # dropping capabilities
LIB_CMOCKA := -lcmocka            # tests
# And libcurl, for HTTP checks: the runner loads it when the first one comes (user/health/libcurl.h).
LIBS       := $(LIB_BPF) $(LIB_MNL) $(LIB_JSON) $(LIB_CAPNG) -lpthread

DAEMON_SRC := $(filter-out $(wildcard user/cli/*.c user/exporter/*.c), $(wildcard user/*/*.c)) user/main.c
CTL_SRC    := $(wildcard user/cli/*.c user/config/*.c) user/core/addr.c user/core/log.c user/core/nearest.c
EXPORT_SRC := $(wildcard user/exporter/*.c) user/cli/json_line.c user/cli/text.c
UNIT_SRC   := $(wildcard tests/unit/test_*.c)
BPFT_SRC   := $(wildcard tests/bpf/test_*.c)
SIM_SRC    := $(wildcard tests/sim/test_*.c)
FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)
BENCH_SRC  := $(wildcard tests/bench/bench_*.c)
LAB_SRC    := $(wildcard tests/lab/*.c)
TEST_SRC   := $(UNIT_SRC) $(BPFT_SRC) $(SIM_SRC) $(LAB_SRC)
LAB_TOOLS  := $(patsubst tools/%.c,$(OUT)/%,$(wildcard tools/*.c))

obj   = $(patsubst %.c,$(OUT)/%.o,$(1))
# The objects that a test's "Links:" line names, and its own.
links = $(call obj,$(1) $(shell sed -n 's/^[ *]*Links: *//p' $(1)))

PROGRAMS := $(if $(wildcard user/main.c),$(OUT)/holdfastd) $(if $(wildcard user/cli/*.c),$(OUT)/holdfastctl) \
            $(OUT)/holdfast-exporter

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help deps check check-kernels demo tidy clean tests fuzz FORCE
.PHONY: bench bench-checks bench-failover bench-datapath bench-flood bench-packet
all: $(PROGRAMS) $(LAB_TOOLS) ## build holdfastd, holdfastctl and the lab's tools into build/

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' Makefile tools/packaging/install.mk | \
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

# A file of its own, so that a commit rebuilds only what tells the version.
$(OUT)/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define HF_VERSION "%s"\n' '$(VERSION)' > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(OUT)/%.o: %.c | $(OUT)/version.h
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# --- the kernel half: source -> object -> linked object -> skeleton ---------------------------------
$(OUT)/%.bpf.o: %.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF)$(CLANG) $(BPFFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $@.tmp $<
	$(Q)$(BPFTOOL) gen object $@ $@.tmp && rm -f $@.tmp

$(OUT)/%.skel.h: $(OUT)/%.bpf.o
	$(call say,SKEL)$(BPFTOOL) gen skeleton $< name $(subst .,_,$(notdir $*)) > $@

# Who includes the skeleton must wait for it; the compiler's dependency files take over after that.
SKELETONS := $(patsubst %.bpf.c,$(OUT)/%.skel.h,$(wildcard bpf/*.bpf.c))
$(call obj,$(wildcard user/datapath/*.c tests/bpf/*.c tests/bench/*.c)): | $(SKELETONS)

# --- tests ------------------------------------------------------------------------------------------
TESTS := $(patsubst %.c,$(OUT)/%,$(TEST_SRC))
FUZZ  := $(patsubst %.c,$(OUT)/%,$(FUZZ_SRC))
LAB_BIN := $(patsubst %.c,$(OUT)/%,$(LAB_SRC))
BENCH := $(patsubst %.c,$(OUT)/%,$(BENCH_SRC))
tests: $(TESTS) ## build the unit, BPF and simulator tests
fuzz: $(FUZZ) ## build the fuzz targets (clang, libFuzzer)

.SECONDEXPANSION:
$(TESTS) $(BENCH): $(OUT)/%: $$(call links,%.c)
	$(call say,LINK)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_CMOCKA) $(LIBS)
$(OUT)/tests/unit/test_cli: | $(OUT)/holdfastctl # the test runs it

$(FUZZ): $(OUT)/%: %.c $$(shell sed -n 's/^[ *]*Links: *//p' %.c) | $(OUT)/version.h
	@mkdir -p $(@D)
	$(call say,FUZZ)$(CLANG) $(CPPFLAGS) -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined -o $@ $(filter %.c,$^) $(LIBS)

tidy: ## check the tree's style: sizes, banned calls, the include rule, pure objects
	$(Q)tools/tidy $(OUT)

check: ## run all the tests (as root, or by sudo); installs what is missing
	$(Q)tools/deps --if-missing
	$(Q)tests/run

check-kernels: all tests ## the kernel half on Debian's 6.1 and 6.12, PREEMPT_RT too, under qemu (minutes)
	$(Q)tools/check-kernels

sim: $(OUT)/tests/sim/test_sim ## simulate: SEEDS=n histories from FIRST on, or SEED=n with its trace
	$(Q)$(if $(SEEDS),SIM_SEEDS=$(SEEDS)) $(if $(FIRST),SIM_FIRST=$(FIRST)) $(if $(SEED),SIM_SEED=$(SEED)) $<

demo: ## two nodes, a BIRD router, a client: what each failure costs (as root, or by sudo)
	$(Q)tools/deps --if-missing
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tools/demo

bench: bench-checks
bench: bench-failover bench-datapath bench-prefixes bench-reroute ## all measurements, on an idle machine (as root; minutes)
bench-failover: all ## failover times, ten runs each
	$(Q)tests/bench/failover
bench-datapath: all $(BENCH) $(LAB_BIN) ## the data path beside targets and keepalived; PARTS=scale: one part
	$(Q)tests/bench/datapath $(PARTS)
bench-checks: all ## adverts beside 200 scripts, a service's death, a TCP check's cost (minutes; PARTS=deaths: one)
	$(Q)tests/bench/checks $(PARTS)
bench-flood: all $(OUT)/tests/lab/vrrpflood ## false failovers under forged adverts and hogs, beside keepalived
	$(Q)tests/bench/flood
bench-packet: $(BENCH) ## what a packet costs in the kernel half
	$(Q)$(OUT)/tests/bench/bench_packet

.PHONY: bench-prefixes bench-reroute
bench-prefixes: all ## 10,000 prefixes on a takeover, beside BIRD
	$(Q)tests/bench/prefixes
bench-reroute: all tests ## from a taker's UPDATE to the router's route, all five routers
	$(Q)tests/bench/reroute

deps: ## install what Debian 12 lacks
	$(Q)tools/deps

clean: ## remove build/
	rm -rf build

include tools/packaging/install.mk

-include $(shell find $(OUT) -path build/deb -prune -o -type f -name '*.d' -print 2>/dev/null)
