// SPDX-License-Identifier: BSD-2-Clause
#include "filter_cube.h"

#include <cstddef>
#include <cstring>

namespace nfup::intent {

namespace {

struct Place {
	std::size_t byte; // of the field's first byte in the key
	std::size_t bytes;
	unsigned shift = 0; // bits of the last byte that are not the field's
};

Place place_of(FilterField field)
{
	switch (field) {
	case FilterField::source:
		return {offsetof(filter_key, saddr), 16};
	case FilterField::destination:
		return {offsetof(filter_key, daddr), 16};
	case FilterField::source_port:
		return {offsetof(filter_key, sport), 2};
	case FilterField::destination_port:
		return {offsetof(filter_key, dport), 2};
	case FilterField::protocol:
		return {offsetof(filter_key, proto), 1};
	case FilterField::traits:
		return {offsetof(filter_key, traits), 1};
	case FilterField::icmp_type:
		return {offsetof(filter_key, icmp_type), 1};
	case FilterField::icmp_code:
		return {offsetof(filter_key, icmp_code), 1};
	case FilterField::tcp_flags:
		return {offsetof(filter_key, tcp_flags), 1};
	case FilterField::ttl:
		return {offsetof(filter_key, ttl), 1};
	case FilterField::tos:
	case FilterField::ecn:
		return {offsetof(filter_key, tos), 1};
	case FilterField::dscp:
		return {offsetof(filter_key, tos), 1, 2};
	case FilterField::header_length:
		return {offsetof(filter_key, version_hl), 1};
	case FilterField::id:
		return {offsetof(filter_key, id), 2};
	case FilterField::window:
		return {offsetof(filter_key, window), 2};
	case FilterField::length:
		break;
	}
	return {offsetof(filter_key, length), 2};
}

void store(KeyWords& words, const Place& place, Number bits)
{
	std::uint8_t bytes[sizeof(filter_key)];

	std::memcpy(bytes, words.data(), sizeof bytes);
	bits <<= place.shift;
	for (std::size_t i = place.bytes; i-- > 0; bits >>= 8)
		bytes[place.byte + i] |= static_cast<std::uint8_t>(bits);
	std::memcpy(words.data(), bytes, sizeof bytes);
}

Cube cube(const Place& place, Number mask, Number value)
{
	Cube out;
	store(out.mask, place, mask);
	store(out.value, place, value & mask);
	return out;
}

// (x & mask) > value, or <: x agrees with value down to some bit and differs
// there, in the right direction. Each such bit gives one cube.
void differ(std::vector<Cube>& out, const FilterTest& t, bool greater)
{
	const Place place = place_of(t.field);
	Number above = 0; // bits of the mask above bit i

	for (unsigned i = bits_of(t.field); i-- > 0;) {
		const Number bit = Number{1} << i;
		const bool looks = t.mask & bit, one = t.value & bit;
		if (looks && one != greater)
			out.push_back(cube(place, above | bit, (t.value & above) | (greater ? bit : 0)));
		if (!looks && one) {
			// x has a 0 here: from here on it is less, whatever follows
			if (!greater)
				out.push_back(cube(place, above, t.value & above));
			return;
		}
		above |= t.mask & bit;
	}
}

// value ≤ x ≤ high as prefixes, for fields of up to 64 bits
void prefixes(std::vector<Cube>& out, const FilterTest& t)
{
	for (Number low = t.value; low <= t.high;) {
		Number size = 1;
		while (!(low & size) && size < t.mask + 1 && low + 2 * size - 1 <= t.high)
			size *= 2;
		out.push_back(cube(place_of(t.field), t.mask & ~(size - 1), low));
		low += size;
	}
}

} // namespace

std::optional<Cube> intersect(const Cube& a, const Cube& b)
{
	Cube out;
	for (std::size_t i = 0; i < a.mask.size(); ++i) {
		if ((a.value[i] ^ b.value[i]) & a.mask[i] & b.mask[i])
			return {};
		out.mask[i] = a.mask[i] | b.mask[i];
		out.value[i] = a.value[i] | b.value[i];
	}
	return out;
}

bool within(const KeyWords& mask, const KeyWords& by)
{
	for (std::size_t i = 0; i < mask.size(); ++i)
		if (mask[i] & ~by[i])
			return false;
	return true;
}

bool covers(const Cube& outer, const Cube& inner)
{
	for (std::size_t i = 0; i < outer.mask.size(); ++i)
		if ((outer.mask[i] & ~inner.mask[i]) || ((outer.value[i] ^ inner.value[i]) & outer.mask[i]))
			return false;
	return true;
}

std::vector<Cube> cubes_of(const FilterTest& test, bool negated)
{
	std::vector<Cube> out;
	FilterTest t = test;

	switch (test.relation) {
	case Relation::equal:
		if (negated) {
			differ(out, t, false);
			differ(out, t, true);
		} else if (!(t.value & ~t.mask)) {
			out.push_back(cube(place_of(t.field), t.mask, t.value));
		}
		return out;
	case Relation::less:
		// not less than v: greater than v - 1
		if (negated && t.value == 0)
			return {Cube{}};
		if (negated)
			--t.value;
		differ(out, t, negated);
		return out;
	case Relation::between:
		if (!negated) {
			prefixes(out, t);
			return out;
		}
		differ(out, t, false);
		t.value = t.high;
		differ(out, t, true);
		return out;
	case Relation::greater:
		if (negated && t.value == full_mask(t.field))
			return {Cube{}};
		if (negated)
			++t.value;
		differ(out, t, !negated);
		return out;
	}
	return out;
}

} // namespace nfup::intent
