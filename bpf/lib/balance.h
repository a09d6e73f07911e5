/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the atoms of a load balancer tell each other about a packet: `mark` has the number of
 * its service (fact `service`), and above that of its server (fact `server`). */
#ifndef NFUP_BALANCE_H
#define NFUP_BALANCE_H

#include "../contract.h"

static __always_inline __u16 packet_service(const struct pkt *p)
{
	return p->mark;
}

static __always_inline __u16 packet_server(const struct pkt *p)
{
	return p->mark >> 16;
}

static __always_inline void set_service(struct pkt *p, __u16 service)
{
	p->mark = service;
}

static __always_inline void set_server(struct pkt *p, __u16 server)
{
	p->mark = (p->mark & 0xffff) | (__u32)server << 16;
}

#endif
