/* SPDX-License-Identifier: BSD-2-Clause */
/* The generated skeleton, which is not ours to warn about. */
#ifndef HF_DATAPATH_SKELETON_H
#define HF_DATAPATH_SKELETON_H

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
#include "bpf/holdfast.skel.h"
#pragma GCC diagnostic pop

#endif
