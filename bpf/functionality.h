/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The contract of a functionality: code that classes are linked with. It is
 * compiled on its own, once, and only when a class of the intent uses it.
 *
 *	lib/csum.h        extern __s64 csum_bytes(struct xdp_md *ctx, …);
 *	lib/csum.bpf.c    #include "functionality.h"
 *	                  #include "csum.h"
 *
 *	                  NFUP_FUNCTIONALITY(csum, "", "", "sums of frame bytes");
 *
 *	                  NFUP_FUNCTION __s64 csum_bytes(struct xdp_md *ctx, …) { … }
 *
 * The file is named after the functionality. A functionality owns no map and no
 * writable global: state belongs to atoms.
 */
#ifndef NFUP_FUNCTIONALITY_H
#define NFUP_FUNCTIONALITY_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bytes.h"
#include "contract.h"
#include "tag.h"

/* `uses`: functionalities that this one calls; `requires`: facts that must hold
 * on every path to a node which uses it (as in NFUP_REQUIRES); "" for none. */
#define NFUP_FUNCTIONALITY(name, uses, requires, doc)                                        \
	const volatile __u8 nfup_functionality_##name NFUP_TAG("nfup.functionality=" #name)  \
		NFUP_TAG("nfup.uses=" uses) NFUP_TAG("nfup.requires=" requires) NFUP_TAG("nfup.doc=" doc) = 0

/* Hidden: the verifier looks at it with each caller's own registers, so that
 * packet pointers and bounds pass through, as in a static function. */
#define NFUP_FUNCTION __hidden

/* The verifier looks at it once, for any arguments, and never again where it is called:
 * for what takes the frame and numbers only, and costs much to verify. */
#define NFUP_FUNCTION_BY_ITSELF __attribute__((noinline))

#endif
