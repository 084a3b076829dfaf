/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The kernel's types and helpers. Contexts and packet headers, all that we use, have a fixed
 * layout: relocating accesses to them would gain nothing, need the running kernel's BTF to load,
 * and let clang compute context pointers that the verifier refuses.
 */
#ifndef HF_KERNEL_BPF_H
#define HF_KERNEL_BPF_H

#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#endif
