// SPDX-License-Identifier: BSD-2-Clause
#include "nat_fixture.h"

#include "bpf/ageing_times.h"

namespace nfup::test {

namespace {

// Slots of the nodes between the two checks and the exits.
enum : unsigned {
	out_error = 1,
	out_read_nat,
	read_pool,
	write_pool,
	write_nat,
	write_session,
	hairpin,
	out_rewrite,
	in_error,
	read_session,
	in_read_nat,
	in_rewrite,
	out_part,
	out_first_way,
	out_part_way,
	out_write_frag,
	in_part,
	in_first_session,
	in_first_nat,
	in_write_frag,
	out_mtu,
	too_long,
	no_room,
	mirror,
};

std::uint32_t pairs(const Bytes& b, std::size_t from, std::size_t to)
{
	std::uint32_t sum = 0;
	for (std::size_t i = from; i < to; i++)
		sum += (i - from) % 2 ? b[i] : static_cast<std::uint32_t>(b[i]) * 256;
	return sum;
}

bool is_ones(std::uint32_t sum)
{
	while (sum > 0xffff)
		sum = sum % 0x10000 + sum / 0x10000;
	return sum == 0xffff;
}

unsigned word(const Bytes& b, std::size_t i)
{
	return b.at(i) * 256u + b.at(i + 1);
}

} // namespace

std::string wrong_checksum(const Bytes& frame, std::size_t ip, bool quoted)
{
	const std::size_t l4 = ip + (frame.at(ip) & 15u) * 4, end = ip + word(frame, ip + 2);
	const unsigned proto = frame.at(ip + 9), fragment = word(frame, ip + 6) & 0x3fff;

	if (!is_ones(pairs(frame, ip, l4)))
		return quoted ? "quoted IP" : "IP";
	if (fragment || end > frame.size()) // the rest is not here
		return {};
	if (proto == icmp) {
		if (!is_ones(pairs(frame, l4, end)))
			return quoted ? "quoted ICMP" : "ICMP";
		const unsigned type = frame.at(l4);
		return type == 3 || type == 4 || type == 11 || type == 12 ? wrong_checksum(frame, l4 + 8, true) : "";
	}
	if (proto == udp && word(frame, l4 + 6) == 0)
		return {};
	if ((proto == tcp || proto == udp) && !is_ones(pairs(frame, ip + 12, ip + 20) + proto +
						       static_cast<std::uint32_t>(end - l4) + pairs(frame, l4, end)))
		return (quoted ? "quoted " : "") + std::string(proto == tcp ? "TCP" : "UDP");
	return {};
}

void NatTest::SetUp()
{
	NodeTest::SetUp();
	if (!IsSkipped() && !HasFatalFailure())
		wire({});
}

void NatTest::add(unsigned slot, const std::string& cls, const std::vector<unsigned>& out, const Params& params)
{
	nodes_.push_back(load(cls, params, out));
	last_[cls] = nodes_.size() - 1;
	put(slot, nodes_.back().program);
}

void NatTest::wire(const Setup& setup)
{
	auto exit = [](Exit e) {
		return first_exit_slot + e;
	};
	const auto addresses = pool_addresses(setup.addresses, setup.length);
	const Params pool = Params().set("ADDRESSES", addresses).set("PORTS", setup.ports),
		     filter = Params().set("FILTER", setup.filter), inside = Params().set("SIDE", 0u),
		     outside = Params().set("SIDE", 1u);
	Pattern to_pool{{16, {}, {}}}, more{{6, {0x20}, {0x20}}}, any{};
	for (unsigned i = 0; i < 4; i++) {
		to_pool[0].value.push_back(reinterpret_cast<const std::uint8_t*>(&addresses[0])[i]);
		to_pool[0].mask.push_back(reinterpret_cast<const std::uint8_t*>(&addresses[1])[i]);
	}

	add(in_rewrite, "IPRewrite", {exit(inwards)});
	add(in_read_nat, "ReadNAT", {in_rewrite, exit(no_mapping), exit(untranslatable)}, outside);
	add(read_session, "ReadSession", {in_read_nat, exit(unsolicited)}, filter);
	add(in_error, "ICMPErrorFlow", {read_session});
	add(in_write_frag, "WriteFrag", {in_rewrite}, sample_params("WriteFrag"));
	add(in_first_nat, "ReadNAT", {in_write_frag, exit(no_mapping), exit(untranslatable)}, outside);
	add(in_first_session, "ReadSession", {in_first_nat, exit(unsolicited)}, filter);
	add(in_part, "ReadFrag", {in_first_session, in_rewrite, exit(no_fragment)}, sample_params("ReadFrag"));
	part_in_ = load("CheckIPHeader", sample_params("CheckIPHeader"), {in_part, no_slot});
	from_outside_ = load("CheckIPHeader", sample_params("CheckIPHeader"), {in_error, no_slot});

	const Params error =
	    Params().set("SRC", inet_addr("192.0.2.9")).set("TYPE", std::uint8_t{3}).set("POINTER", std::uint8_t{0});
	auto unreachable = [&](std::uint8_t code, unsigned mtu) {
		return Params{error}.set("CODE", code).set("MTU", static_cast<std::uint16_t>(mtu));
	};
	const unsigned none = setup.tells ? no_room : exit(exhausted), full = setup.tells ? no_room : no_slot;
	add(mirror, "EtherMirror", {exit(told)});
	add(no_room, "ICMPError", {mirror}, unreachable(13, 0));
	add(too_long, "ICMPError", {mirror}, unreachable(4, setup.mtu));
	add(out_rewrite, "IPRewrite", {exit(outwards)});
	add(out_mtu, "CheckMTU", {out_rewrite, too_long, too_long}, Params().set("MTU", setup.mtu));
	const Params hairpins = Params().set("PATTERNS", compile({to_pool, any}));
	add(out_write_frag, "WriteFrag", {out_mtu}, sample_params("WriteFrag"));
	add(out_first_way, "Classifier", {in_first_session, out_write_frag}, hairpins);
	add(out_part_way, "Classifier", {in_rewrite, out_mtu}, hairpins);
	add(hairpin, "Classifier", {out_first_way, read_session, out_mtu},
	    Params().set("PATTERNS", compile({more, to_pool, any})));
	add(write_session, "WriteSession", {hairpin, full}, filter);
	add(write_nat, "WriteNAT", {write_session});
	add(write_pool, "WritePool", {write_nat, exit(taken), full}, sample_params("WritePool"));
	add(read_pool, "ReadPool", {write_pool, none}, pool);
	add(out_read_nat, "ReadNAT", {write_session, read_pool, exit(untranslatable)}, inside);
	add(out_error, "ICMPErrorFlow", {out_read_nat});
	from_inside_ = load("CheckIPHeader", sample_params("CheckIPHeader"), {out_error, no_slot});
	add(out_part, "ReadFrag", {out_read_nat, out_part_way, exit(no_fragment)}, sample_params("ReadFrag"));
	part_out_ = load("CheckIPHeader", sample_params("CheckIPHeader"), {out_part, no_slot});
}

testing::AssertionResult NatTest::became(const Outcome& outcome, Exit exit, const Bytes& want)
{
	if (outcome.output != static_cast<int>(exit))
		return testing::AssertionFailure() << outcome << ", not output " << exit;
	if (outcome.frame != want) {
		std::string differ;
		for (std::size_t i = 0; i < outcome.frame.size() && i < want.size(); i++)
			if (outcome.frame[i] != want[i])
				differ += " " + std::to_string(i);
		return testing::AssertionFailure() << "the bytes differ at" << differ;
	}
	if (std::string wrong = wrong_checksum(outcome.frame); !wrong.empty())
		return testing::AssertionFailure() << "the " << wrong << " checksum is wrong";
	return testing::AssertionSuccess();
}

testing::AssertionResult NatTest::refused(const Outcome& outcome, Exit exit, const Bytes& frame)
{
	if (outcome.output != static_cast<int>(exit) || outcome.frame != frame)
		return testing::AssertionFailure() << outcome << ", not unchanged by output " << exit;
	return testing::AssertionSuccess();
}

std::optional<nat_entry> NatTest::mapping(const endpoint& inside)
{
	nat_entry e{};
	if (bpf_map_lookup_elem(state("NAT"), &inside, &e))
		return std::nullopt;
	return e;
}

std::optional<pool_entry> NatTest::lease(const endpoint& outside)
{
	pool_entry e{};
	if (bpf_map_lookup_elem(state("POOL"), &outside, &e) || (e.idle && e.last_seen == AGE_OVER))
		return std::nullopt;
	return e;
}

std::optional<session_entry> NatTest::session(const endpoint& outside, const std::string& peer, unsigned port)
{
	const session_key key{outside, inet_addr(peer.c_str()), htons(static_cast<std::uint16_t>(port)), 0};
	session_entry e{};
	if (bpf_map_lookup_elem(state("SESSION"), &key, &e))
		return std::nullopt;
	return e;
}

void NatTest::set(const endpoint& outside, const pool_entry& lease)
{
	ASSERT_EQ(bpf_map_update_elem(state("POOL"), &outside, &lease, BPF_ANY), 0);
}

void NatTest::set(const endpoint& inside, const nat_entry& entry)
{
	ASSERT_EQ(bpf_map_update_elem(state("NAT"), &inside, &entry, BPF_ANY), 0);
}

void NatTest::age(const endpoint& outside, std::uint64_t by)
{
	auto l = lease(outside);
	ASSERT_TRUE(l);
	l->last_seen -= by;
	l->checked -= 1000;
	set(outside, *l);
	if (auto m = mapping(l->inside)) {
		m->checked -= 1000;
		set(l->inside, *m);
	}
	std::vector<session_key> keys;
	session_key key{}, next{};
	for (void* previous = nullptr; bpf_map_get_next_key(state("SESSION"), previous, &next) == 0;) {
		key = next;
		previous = &key;
		keys.push_back(key);
	}
	for (const session_key& k : keys) {
		session_entry s{};
		if (std::memcmp(&k.outside, &outside, sizeof outside))
			continue;
		ASSERT_EQ(bpf_map_lookup_elem(state("SESSION"), &k, &s), 0);
		s.last_seen -= by;
		s.checked -= 1000;
		ASSERT_EQ(bpf_map_update_elem(state("SESSION"), &k, &s, BPF_ANY), 0);
	}
}

std::size_t NatTest::entries(const std::string& name, std::size_t key_size)
{
	std::size_t n = 0;
	Bytes at(key_size), next(key_size);
	for (void* previous = nullptr; bpf_map_get_next_key(state(name), previous, next.data()) == 0; n++) {
		at = next;
		previous = at.data();
	}
	return n;
}

} // namespace nfup::test
