/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The bounded walk over IPv6 extension headers (RFC 8200 §4). */
#ifndef NFUP_IP6_EXTENSIONS_H
#define NFUP_IP6_EXTENSIONS_H

#include "ip.h"

#define IP6_MAX_EXTENSIONS 8

struct ip6_walk {
	__u32 offset; /* in: first byte behind the fixed header; out: the transport header */
	__u32 end;    /* first byte behind the datagram */
	__u8 next;    /* protocol of what is at offset */
	__u8 flags;   /* out: PKT_FRAGMENT, PKT_LATER_FRAGMENT */
	__u16 zero;
	__u32 fragment; /* out: the fragment header, if flags say that there is one */
};

static __always_inline int is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT ||
	       next == IPPROTO_DSTOPTS || next == IPPROTO_AH;
}

static __always_inline int ip6_walk_extensions(struct xdp_md *ctx, struct ip6_walk *w)
{
	for (int i = 0; i < IP6_MAX_EXTENSIONS; i++) {
		__u8 next = w->next;
		__u8 *header;
		__u32 size;

		if (!is_extension(next))
			return PASSED;
		header = at(ctx, w->offset, 8);
		if (!header || w->offset + 8 > w->end)
			/* the first fragment must hold the whole chain (RFC 7112) */
			return w->flags ? NFUP_DROP_BAD_FRAGMENT : NFUP_DROP_BAD_EXTENSION;

		if (next == IPPROTO_FRAGMENT) {
			__u32 field = bpf_ntohs(*(__be16 *)(header + 2)), offset = field & 0xfff8;
			int more = field & 1, finding;

			if (w->flags)
				return NFUP_DROP_BAD_EXTENSION;
			w->next = header[0];
			w->offset += 8;
			/* neither offset nor more: an atomic fragment, a whole datagram (RFC 6946) */
			if (!offset && !more)
				continue;
			w->fragment = w->offset - 8;
			w->flags = PKT_FRAGMENT | (offset ? PKT_LATER_FRAGMENT : 0);
			finding = check_fragment(w->next, offset, more, w->end - w->offset);
			if (finding != PASSED || offset)
				return finding;
			continue;
		}
		/* only directly behind the fixed header */
		if (next == IPPROTO_HOPOPTS && i)
			return NFUP_DROP_BAD_EXTENSION;
		/* type 0 source routing is withdrawn (RFC 5095) */
		if (next == IPPROTO_ROUTING && header[2] == 0 && header[3])
			return NFUP_DROP_BAD_EXTENSION;
		size = next == IPPROTO_AH ? (header[1] + 2) * 4 : (header[1] + 1) * 8;
		if (w->offset + size > w->end)
			return w->flags ? NFUP_DROP_BAD_FRAGMENT : NFUP_DROP_BAD_EXTENSION;
		w->next = header[0];
		w->offset += size;
	}
	return is_extension(w->next) ? NFUP_DROP_BAD_EXTENSION : PASSED;
}

#endif
