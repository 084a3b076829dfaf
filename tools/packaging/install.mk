# SPDX-License-Identifier: BSD-2-Clause
# `make install DESTDIR=... PREFIX=...` installs everything except a configuration. The documentation has an
# example. Below /etc it only creates an empty directory.

UNITDIR     ?= /lib/systemd/system
SYSUSERSDIR ?= /usr/lib/sysusers.d
TMPFILESDIR ?= /usr/lib/tmpfiles.d
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR  ?= $(PREFIX)/share/zsh/vendor-completions
MANDIR      ?= $(PREFIX)/share/man
DOCDIR      ?= $(PREFIX)/share/doc/$(NAME)

PACKAGING := tools/packaging
UNITS     := $(wildcard $(PACKAGING)/*.service)
EXAMPLES  := $(wildcard $(PACKAGING)/*.example $(PACKAGING)/*.yml $(PACKAGING)/*.json)

.PHONY: install
install: all ## install below DESTDIR and PREFIX (/usr): programs, units, manuals, completions
	install -d $(DESTDIR)/etc/holdfast $(DESTDIR)$(DOCDIR)/examples
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/sbin $(OUT)/holdfastd
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(filter-out %/holdfastd,$(PROGRAMS))
	install -d $(DESTDIR)$(UNITDIR)
	for u in $(UNITS); do \
		sed 's|=/usr/\(s*bin\)/|=$(PREFIX)/\1/|' $$u > $(DESTDIR)$(UNITDIR)/$${u##*/} && \
		chmod 644 $(DESTDIR)$(UNITDIR)/$${u##*/} || exit 1; \
	done
	install -D -m 644 $(PACKAGING)/holdfast.sysusers $(DESTDIR)$(SYSUSERSDIR)/holdfast.conf
	install -D -m 644 $(PACKAGING)/holdfast.tmpfiles $(DESTDIR)$(TMPFILESDIR)/holdfast.conf
	install -m 644 -t $(DESTDIR)$(DOCDIR)/examples $(EXAMPLES)
	for m in $(wildcard docs/man/*.[1-8]); do \
		install -D -m 644 -t $(DESTDIR)$(MANDIR)/man$${m##*.} $$m || exit 1; \
	done
	for d in $(wildcard docs/*.md); do install -m 644 -t $(DESTDIR)$(DOCDIR) $$d || exit 1; done
	install -D -m 644 -t $(DESTDIR)$(DOCDIR)/benchmarks $(wildcard docs/benchmarks/*)
	install -D -m 644 $(PACKAGING)/completion.bash $(DESTDIR)$(BASHCOMPDIR)/holdfastctl
	for p in holdfastd holdfast-exporter; do ln -sf holdfastctl $(DESTDIR)$(BASHCOMPDIR)/$$p || exit 1; done
	install -D -m 644 $(PACKAGING)/completion.zsh $(DESTDIR)$(ZSHCOMPDIR)/_holdfastctl

# Writes the lists of a manual from the tables of the programs. The test that compares both prints the lists.
define fill_page
	$(Q)$(OUT)/tests/unit/$(1) --print > $(OUT)/$(1).mdoc
	$(Q)sed -i -e '/^\.\\" Begin of what/,/^\.\\" End of what/{ /^\.\\" End of what/r $(OUT)/$(1).mdoc' \
		-e 'd }' docs/man/$(2)
endef

.PHONY: manual
manual: $(OUT)/tests/unit/test_manual $(OUT)/tests/unit/test_exporter ## put the programs' tables into docs/man
	$(call fill_page,test_manual,holdfast.conf.5)
	$(call fill_page,test_exporter,holdfast-exporter.8)

# A version in Debian's form: the release if it is tagged, otherwise a version that sorts before it:
# 0.2.0~gitDATE.COMMIT.
DEB_VERSION ?= $(RELEASE)$(shell git describe --tags --exact-match --match 'v$(RELEASE)' > /dev/null 2>&1 || \
	git log -1 --date=format:%Y%m%d%H%M --format=~git%cd.%h)
DEB_TREE := build/deb/$(NAME)-$(DEB_VERSION)

.PHONY: deb
deb: ## build Debian packages of the committed tree into build/deb/
	rm -rf build/deb && mkdir -p $(DEB_TREE)
	git archive HEAD | tar -x -C $(DEB_TREE)
	mv $(DEB_TREE)/$(PACKAGING)/debian $(DEB_TREE)/debian
	printf '%s (%s) unstable; urgency=medium\n\n  * Built from the source tree.\n\n -- %s  %s\n' \
		$(NAME) '$(DEB_VERSION)' "$$(sed -n 's/^Maintainer: //p' $(DEB_TREE)/debian/control)" \
		"$$(git log -1 --date=rfc --format=%cd)" > $(DEB_TREE)/debian/changelog
	cd $(DEB_TREE) && dpkg-buildpackage -us -uc -b
	if command -v lintian > /dev/null; then \
		lintian --allow-root --fail-on error,warning build/deb/*.changes; fi

.PHONY: try-deb
try-deb: deb ## install, run, upgrade, remove and purge the packages under systemd in a clean tree (as root; minutes)
	tools/matrix --keep try-deb tools/packaging/try-deb

# Other platforms. Each target keeps its output in build/results, for `make matrix`.
.PHONY: rpm oci arm64 matrix
rpm: ## build and test RPM packages of the committed tree in build/rpm/ (Debian: package rpm)
	$(Q)tools/matrix --keep rpm $(PACKAGING)/build-rpm '$(DEB_VERSION)'
oci: all ## write an OCI image, build/oci/holdfast.oci.tar, and run it (as root; mmdebstrap, skopeo)
	$(Q)tools/matrix --keep oci $(PACKAGING)/build-oci '$(DEB_VERSION)'
arm64: ## build for arm64, run the unit tests under qemu-user (as root; cross compiler, mmdebstrap; minutes)
	$(Q)tools/matrix --keep arm64 $(PACKAGING)/build-arm64
matrix: ## show which platforms and peers were tested; tools/matrix --run WORD runs the tests of the rows
	$(Q)tools/matrix
