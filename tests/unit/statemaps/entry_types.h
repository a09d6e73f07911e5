// SPDX-License-Identifier: BSD-2-Clause
// BTF of an entry with a field of each meaning, made by hand:
//
//	struct key   { nfup_addr saddr; __be16 dport; nfup_proto proto; u8 zero; nfup_addr4 gate; };       24 bytes
//	struct value { nfup_time seen; nfup_jiffies checked; enum state state; struct end { nfup_addr4
//	               addr; __be16 port; nfup_mac mac; } a, b; s32 drift; u8 blob[4]; char name[8];
//	               u32 low:4, high:12; u16 counts[2]; u32 zero; };                                       72 bytes
#pragma once

#include <bpf/btf.h>
#include <memory>

#include "statemaps/layout.h"

namespace nfup::statemaps {

struct EntryTypes {
	std::unique_ptr<btf, void (*)(btf*)> types{btf__new_empty(), btf__free};
	int key = 0, value = 0;
	static constexpr std::uint32_t key_size = 24, value_size = 72;

	EntryTypes()
	{
		btf* t = types.get();
		const int u8 = btf__add_int(t, "unsigned char", 1, 0), u16 = btf__add_int(t, "unsigned short", 2, 0);
		const int u32 = btf__add_int(t, "unsigned int", 4, 0),
			  u64 = btf__add_int(t, "unsigned long long", 8, 0);
		const int s32 = btf__add_int(t, "int", 4, BTF_INT_SIGNED),
			  letter = btf__add_int(t, "char", 1, BTF_INT_SIGNED);
		const int be16 = btf__add_typedef(t, "__be16", u16), be32 = btf__add_typedef(t, "__be32", u32);
		const auto bytes = [&](int of, std::uint32_t n) {
			return btf__add_array(t, u32, of, n);
		};
		const int addr = btf__add_typedef(t, "nfup_addr", bytes(u8, 16));
		const int addr4 = btf__add_typedef(t, "nfup_addr4", be32);
		const int mac = btf__add_typedef(t, "nfup_mac", bytes(u8, 6));
		const int proto = btf__add_typedef(t, "nfup_proto", u8);
		const int seen = btf__add_typedef(t, "nfup_time", btf__add_typedef(t, "__u64", u64));
		const int jiffies = btf__add_typedef(t, "nfup_jiffies", u32);
		const int blob = bytes(u8, 4), name = bytes(letter, 8), counts = bytes(u16, 2);
		const int state = btf__add_enum(t, "state", 4);
		btf__add_enum_value(t, "TCP_SYN_SENT", 0);
		btf__add_enum_value(t, "TCP_ESTABLISHED", 1);
		btf__add_enum_value(t, "TCP_FIN_SENT", 2);
		const int end = btf__add_struct(t, "end", 12);
		btf__add_field(t, "addr", addr4, 0, 0);
		btf__add_field(t, "port", be16, 32, 0);
		btf__add_field(t, "mac", mac, 48, 0);
		key = btf__add_struct(t, "key", key_size);
		btf__add_field(t, "saddr", addr, 0, 0);
		btf__add_field(t, "dport", be16, 128, 0);
		btf__add_field(t, "proto", proto, 144, 0);
		btf__add_field(t, "zero", u8, 152, 0);
		btf__add_field(t, "gate", addr4, 160, 0);
		value = btf__add_struct(t, "value", value_size);
		btf__add_field(t, "seen", seen, 0, 0);
		btf__add_field(t, "checked", jiffies, 64, 0);
		btf__add_field(t, "state", state, 96, 0);
		btf__add_field(t, "a", end, 128, 0);
		btf__add_field(t, "b", end, 224, 0);
		btf__add_field(t, "drift", s32, 320, 0);
		btf__add_field(t, "blob", blob, 352, 0);
		btf__add_field(t, "name", name, 384, 0);
		btf__add_field(t, "low", u32, 448, 4);
		btf__add_field(t, "high", u32, 452, 12);
		btf__add_field(t, "counts", counts, 480, 0);
		btf__add_field(t, "zero", u32, 512, 0);
	}

	Layout layout() const
	{
		return make_layout(types.get(), static_cast<std::uint32_t>(key), key_size,
				   static_cast<std::uint32_t>(value), value_size);
	}
};

} // namespace nfup::statemaps
