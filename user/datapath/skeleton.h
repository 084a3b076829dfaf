/* SPDX-License-Identifier: BSD-2-Clause */
/* The generated skeleton, without compiler warnings, and the descriptors of its maps. */
#ifndef HF_DATAPATH_SKELETON_H
#define HF_DATAPATH_SKELETON_H

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
#include "bpf/holdfast.skel.h"
#pragma GCC diagnostic pop

/* The descriptor of a map. */
#define MAP_FD(dp, name) bpf_map__fd((dp)->skel->maps.name)

#endif
