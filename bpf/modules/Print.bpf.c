/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lib/trace.h"

NFUP_PARAM(char, LABEL[32], "string", "", "", "shown with each packet, instead of the node's name");
NFUP_PARAM(__u32, MAXLENGTH, "size", "128", "14..2048", "bytes of the frame to show");
NFUP_OUTPUTS("out");

static __always_inline void print(struct xdp_md *ctx, const struct pkt *p)
{
	__u32 length = bytes_from(ctx, p->l2), captured = length < MAXLENGTH ? length : MAXLENGTH;
	struct trace_record *record = bpf_ringbuf_reserve(&trace, sizeof(*record) + MAXLENGTH, 0);

	if (!record)
		return;
	*record = (struct trace_record){
		.time = bpf_ktime_get_ns(),
		.packet = nfup_packets(),
		.node = nfup_node,
		.cpu = bpf_get_smp_processor_id(),
		.length = length,
		.captured = captured,
		.port = p->port,
		.paint = p->paint,
	};
	/* The verifier of Linux 6.1 wants both bounds here, in one register, and learns no
	 * least value from `!captured`. No frame is as short. */
	asm volatile("" : "+r"(captured));
	if (captured < 2 || captured > MAXLENGTH || bpf_xdp_load_bytes(ctx, p->l2, record + 1, captured))
		record->captured = 0;
	bpf_ringbuf_submit(record, 0);
}

NFUP_MODULE(Print, "Show the packet to `nfup trace`, if that runs and has kept up")
{
	print(ctx, p);
	return NEXT(0);
}
