/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The kernel's types and helpers. The programs use only contexts and packet headers, which have a
 * fixed layout. CO-RE relocations for them would bring no advantage, would need the BTF of the
 * running kernel, and would let clang compute context pointers that the verifier refuses.
 */
#ifndef HF_KERNEL_BPF_H
#define HF_KERNEL_BPF_H

#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#endif
