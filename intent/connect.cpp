// SPDX-License-Identifier: BSD-2-Clause
#include "connect.h"

#include <string>

namespace nfup::intent {

using namespace click;

namespace {

struct Side {
	std::vector<PortEnd> ends;
	int counting = -1; // the end behind which ports count on as needed
	bool stepped() const { return ends.size() > 1 || counting >= 0; }
};

Side ends_of(const std::vector<Terminal>& terminals, bool outputs, Diagnostics& diagnostics)
{
	Side side;

	for (const Terminal& t : terminals) {
		const Ports& given = outputs ? *t.out : *t.in;
		const std::vector<int>& own = outputs ? t.own_out : t.own_in;
		if (given.given)
			for (const int port : given.numbers)
				side.ends.emplace_back(&t, port);
		else if (!own.empty())
			for (const int port : own)
				side.ends.emplace_back(&t, port);
		else
			side.ends.emplace_back(&t, 0);
		if (given.given && given.open) {
			if (side.counting >= 0)
				diagnostics.error(given.where, "only one port list of a connection may count on");
			side.counting = static_cast<int>(side.ends.size()) - 1;
		}
	}
	return side;
}

// Adds ports until there are `wanted` ends.
void count_on(Side& side, std::size_t wanted)
{
	if (side.counting < 0 || side.ends.size() >= wanted)
		return;
	const PortEnd last = side.ends[static_cast<std::size_t>(side.counting)];
	std::vector<PortEnd> more;
	for (std::size_t i = 1; i <= wanted - side.ends.size(); ++i)
		more.emplace_back(last.first, last.second + static_cast<int>(i));
	side.ends.insert(side.ends.begin() + side.counting + 1, more.begin(), more.end());
}

} // namespace

std::vector<std::pair<PortEnd, PortEnd>> pair_ports(const std::vector<Terminal>& from, const std::vector<Terminal>& to,
						    const Stage& stage, Diagnostics& diagnostics)
{
	Side left = ends_of(from, true, diagnostics), right = ends_of(to, false, diagnostics);
	std::vector<std::pair<PortEnd, PortEnd>> pairs;

	if (left.ends.empty() || right.ends.empty())
		return pairs;
	if (left.counting >= 0 && right.counting >= 0) {
		diagnostics.error(stage.arrow_where, "only one side of a connection may count on");
		return pairs;
	}
	// `c => a, b`: without port numbers c's outputs are meant in order.
	if (stage.arrow == Arrow::many) {
		auto single = [](const Side& side, const Ports& given, const std::vector<int>& own) {
			return side.ends.size() == 1 && !given.given && own.empty();
		};
		if (right.ends.size() > 1 && single(left, *from[0].out, from[0].own_out))
			left.counting = 0;
		else if (left.ends.size() > 1 && single(right, *to[0].in, to[0].own_in))
			right.counting = 0;
	}
	const bool side_by_side = left.stepped() && right.stepped();
	if (side_by_side && stage.arrow != Arrow::many)
		diagnostics.error(stage.arrow_where, "many outputs to many inputs need `=>`",
				  "`->` connects one to many or many to one");
	count_on(left, right.ends.size());
	count_on(right, left.ends.size());
	if (side_by_side && left.ends.size() != right.ends.size()) {
		diagnostics.error(stage.arrow_where, std::to_string(left.ends.size()) + " outputs cannot go to " +
							 std::to_string(right.ends.size()) + " inputs");
		return pairs;
	}
	if (side_by_side)
		for (std::size_t i = 0; i < left.ends.size(); ++i)
			pairs.emplace_back(left.ends[i], right.ends[i]);
	else
		for (const PortEnd& l : left.ends)
			for (const PortEnd& r : right.ends)
				pairs.emplace_back(l, r);
	return pairs;
}

} // namespace nfup::intent
