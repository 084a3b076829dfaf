/* SPDX-License-Identifier: BSD-2-Clause */
/* The generated skeleton, without compiler warnings. */
#ifndef HF_DATAPATH_SKELETON_H
#define HF_DATAPATH_SKELETON_H

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
#include "bpf/holdfast.skel.h"
#pragma GCC diagnostic pop

#endif
