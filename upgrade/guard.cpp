// SPDX-License-Identifier: BSD-2-Clause
#include "guard.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <numeric>

#include "intent/suggest.h"

namespace nfup::upgrade {

const char default_guards[] = "misses == 0, drops < before + 1%, forwarded > before - 1%";

namespace {

using Metric = Guard::Metric;
using Op = Guard::Op;

// Shares of fewer packets than this are left to chance's allowance.
constexpr std::uint64_t enough_packets = 100;
// Standard errors that chance is allowed: one false alarm in about 700.
constexpr double z = 3;

constexpr std::array<const char*, NFUP_DROP_COUNT> reason_names = {
#define X(symbol, name, meaning) name,
    NFUP_DROP_REASONS(X)
#undef X
};

// ---- parsing ----

class Parser {
public:
	explicit Parser(const std::string& text) : text_(text) {}

	Result<std::vector<Guard>> all()
	{
		std::vector<Guard> guards;
		do {
			skip_blanks();
			const std::size_t start = at_;
			Guard guard;
			for (auto part : {&Parser::metric, &Parser::op, &Parser::limit})
				if (auto read = (this->*part)(guard); !read)
					return pass(read);
			std::size_t end = at_;
			while (end > start && is_blank(text_[end - 1]))
				end--;
			guard.text = text_.substr(start, end - start);
			guards.push_back(std::move(guard));
		} while (take(","));
		if (at_ < text_.size())
			return wrong(at_, "'" + rest_word() + "' is too much here", "guards are separated by commas");
		return guards;
	}

private:
	static bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

	void skip_blanks()
	{
		while (at_ < text_.size() && is_blank(text_[at_]))
			at_++;
	}

	bool take(const std::string& token)
	{
		skip_blanks();
		if (text_.compare(at_, token.size(), token) != 0)
			return false;
		at_ += token.size();
		return true;
	}

	std::string word(const char* also)
	{
		const std::size_t start = at_;
		while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
					      std::string(also).find(text_[at_]) != std::string::npos))
			at_++;
		return text_.substr(start, at_ - start);
	}

	std::string rest_word() const
	{
		std::size_t end = at_;
		while (end < text_.size() && !is_blank(text_[end]) && text_[end] != ',')
			end++;
		return text_.substr(at_, std::max(end, at_ + 1) - at_);
	}

	std::unexpected<Error> wrong(std::size_t where, const std::string& what, const std::string& hint) const
	{
		return fail(ErrorKind::intent,
			    "--guard, column " + std::to_string(where + 1) + ": " + what + "\n  " + text_ + "\n  " +
				std::string(where, ' ') + "^",
			    hint);
	}

	Result<void> metric(Guard& guard)
	{
		static const std::string hint = "as in 'drops < 1%, misses == 0'; there are drops, drops.REASON, "
						"forwarded, misses, packets, NODE.drops, NODE.drops.REASON, "
						"NODE.packets";
		skip_blanks();
		const std::size_t start = at_;
		std::string name = word("_@/");
		if (name.empty())
			return wrong(start,
				     start == text_.size() ? "a guard is missing"
							   : "'" + rest_word() + "' is no name of a figure",
				     hint);
		// `drops.truncated` is a reason; `x.drops` a node.
		std::size_t where = start;
		const bool own = name == "drops" || name == "forwarded" || name == "misses" || name == "packets";
		if (at_ < text_.size() && text_[at_] == '.' && !(name == "drops" && reason_ahead())) {
			guard.node = name;
			where = ++at_;
			name = word("_");
			if (name != "drops" && name != "packets")
				return wrong(where, "a node has no '" + name + "'",
					     "a node has drops, drops.REASON and packets");
		} else if (!own) {
			return wrong(start, "there is no figure '" + name + "'", hint);
		}
		guard.metric = name == "drops"       ? Metric::drops
			       : name == "forwarded" ? Metric::forwarded
			       : name == "misses"    ? Metric::misses
						     : Metric::packets;
		if (guard.metric == Metric::drops && at_ < text_.size() && text_[at_] == '.') {
			where = ++at_;
			return reason(guard, where, word("-"));
		}
		return {};
	}

	// Behind `drops`: a dot and something else than a node's figure.
	bool reason_ahead() const
	{
		const std::string rest = text_.substr(at_ + 1);
		return !rest.starts_with("drops") && !rest.starts_with("packets");
	}

	Result<void> reason(Guard& guard, std::size_t where, const std::string& name)
	{
		const auto found = std::ranges::find(reason_names, name);
		if (found == reason_names.end()) {
			const std::vector<std::string> known(reason_names.begin(), reason_names.end());
			const std::string near = intent::did_you_mean(name, known);
			std::string list;
			for (const std::string& reason : known)
				list += (list.empty() ? "" : ", ") + reason;
			return wrong(where, "there is no drop reason '" + name + "'",
				     near.empty() ? "there are " + list : near);
		}
		guard.reason = static_cast<int>(found - reason_names.begin());
		return {};
	}

	Result<void> op(Guard& guard)
	{
		static const std::pair<const char*, Op> ops[] = {
		    {"<=", Op::at_most}, {">=", Op::at_least}, {"==", Op::equal}, {"<", Op::less}, {">", Op::more}};
		skip_blanks();
		op_at_ = at_;
		for (const auto& [token, which] : ops)
			if (take(token)) {
				guard.op = which;
				return {};
			}
		return wrong(at_,
			     at_ == text_.size() ? "a comparison is missing" : "'" + rest_word() + "' is no comparison",
			     "one of < <= > >= ==");
	}

	struct Number {
		double value = 0;
		bool percent = false;
		std::size_t where = 0;
	};

	Result<Number> number()
	{
		skip_blanks();
		Number read{.where = at_};
		const char *first = text_.data() + at_, *last = text_.data() + text_.size();
		const auto [end, error] = std::from_chars(first, last, read.value, std::chars_format::fixed);
		if (error != std::errc() || !std::isdigit(static_cast<unsigned char>(*first)))
			return wrong(at_,
				     at_ == text_.size() ? "a limit is missing" : "'" + rest_word() + "' is no limit",
				     "a number, a percentage, or before with one: 1%, 0, before + 1%, before * 1.5");
		at_ += static_cast<std::size_t>(end - first);
		read.percent = take("%");
		if (read.percent)
			read.value /= 100;
		return read;
	}

	// The number in the metric's unit.
	Result<void> in_unit(const Guard& guard, const Number& number) const
	{
		if (guard.is_share() && !number.percent && number.value != 0)
			return wrong(number.where, "this figure is a share of the packets", "write a percentage: 1%");
		if (guard.is_share() && number.value > 1)
			return wrong(number.where, "a share is never more than 100%", "");
		if (!guard.is_share() && number.percent)
			return wrong(number.where, "percent of what?",
				     guard.metric == Metric::misses
					 ? "misses are packets: misses == 0"
					 : "packets are a second: packets > 1000, or packets > "
					   "before * 50%");
		return {};
	}

	Result<void> limit(Guard& guard)
	{
		skip_blanks();
		const std::size_t start = at_;
		if (text_.compare(at_, 6, "before") != 0) {
			auto value = number();
			if (!value)
				return pass(value);
			if (auto fits = in_unit(guard, *value); !fits)
				return fits;
			guard.offset = value->value;
			if (guard.op == Op::equal && guard.metric != Metric::misses && guard.offset != 0)
				return wrong(op_at_, "== serves for misses, and for shares of 0",
					     "give a bound with < or >");
			return {};
		}
		at_ += 6;
		if (guard.metric == Metric::misses)
			return wrong(start, "misses are counted from the flip on: there is no before", "misses == 0");
		if (guard.op == Op::equal)
			return wrong(op_at_, "no traffic is exactly as before", "give a bound with < or >");
		guard.relative = true;
		if (take("*")) {
			auto value = number();
			if (!value)
				return pass(value);
			guard.factor = value->value;
			return {};
		}
		const bool minus = take("-");
		if (!minus && !take("+"))
			return {};
		auto value = number();
		if (!value)
			return pass(value);
		if (auto fits = in_unit(guard, *value); !fits)
			return fits;
		guard.offset = minus ? -value->value : value->value;
		return {};
	}

	const std::string& text_;
	std::size_t at_ = 0;
	std::size_t op_at_ = 0;
};

// ---- measuring ----

std::uint64_t drops_of(const NodeTraffic& node, int reason)
{
	if (reason >= 0)
		return node.drops[static_cast<std::size_t>(reason)];
	return std::accumulate(node.drops.begin(), node.drops.end(), std::uint64_t{0});
}

std::uint64_t count(const Guard& guard, const Window& window)
{
	std::uint64_t sum = 0;
	if (guard.metric == Metric::packets)
		return window.packets(guard.node);
	for (const auto& [name, node] : window.nodes) {
		if (!guard.node.empty() && name != guard.node)
			continue;
		if (guard.metric == Metric::misses)
			sum += drops_of(node, NFUP_DROP_TAIL_CALL_MISS);
		else if (guard.metric == Metric::drops)
			sum += drops_of(node, guard.reason);
		else if (node.last)
			sum += node.packets - std::min(node.packets, drops_of(node, -1));
	}
	return sum;
}

// Nothing when nothing can be said: a share of no packets.
std::optional<double> measure(const Guard& guard, const Window& window)
{
	const auto counted = static_cast<double>(count(guard, window));
	if (guard.metric == Metric::misses)
		return counted;
	if (guard.metric == Metric::packets)
		return window.seconds > 0 ? std::optional(counted / window.seconds) : std::nullopt;
	const auto packets = static_cast<double>(window.packets(guard.node));
	// Counters are read one after the other while packets flow: a share may come
	// out a little over 1.
	return packets > 0 ? std::optional(std::min(counted / packets, 1.0)) : std::nullopt;
}

bool holds(Op op, double value, double limit)
{
	switch (op) {
	case Op::less:
		return value < limit;
	case Op::at_most:
		return value <= limit;
	case Op::more:
		return value > limit;
	case Op::at_least:
		return value >= limit;
	case Op::equal:
		return value == limit;
	}
	return false;
}

double blur(const Guard& guard, const Window& window)
{
	return static_cast<double>(window.blur) /
	       static_cast<double>(std::max<std::uint64_t>(window.packets(guard.node), 1));
}

// What chance may add to a share around `limit` that was taken of n packets, and
// compared with one of `before` packets (0: with a fixed limit). Wilson's score
// interval (E. B. Wilson, JASA 22, 1927), read the other way round.
double allowance(double limit, double n, double before)
{
	const double p = std::clamp(limit, 0.0, 1.0);
	return z * std::sqrt(p * (1 - p) * (1 / n + (before > 0 ? 1 / before : 0)));
}

std::string show(double value, const char* unit)
{
	char text[64];
	snprintf(text, sizeof text, unit[0] == '%' ? "%.4g%s" : "%.0f %s", value, unit);
	return text;
}

// The node and the reason that grew most.
std::string main_cause(const Guard& guard, const Window& base, const Window& during)
{
	if (guard.metric != Metric::drops && guard.metric != Metric::misses)
		return {};
	const double scale = base.packets() > 0 && guard.metric == Metric::drops
				 ? static_cast<double>(during.packets()) / static_cast<double>(base.packets())
				 : 0;
	double most = 0;
	std::string cause;
	for (const auto& [name, node] : during.nodes) {
		if (!guard.node.empty() && name != guard.node)
			continue;
		const auto before = base.nodes.find(name);
		for (std::size_t reason = 0; reason < node.drops.size(); reason++) {
			if (guard.reason >= 0 && static_cast<int>(reason) != guard.reason)
				continue;
			if (guard.metric == Metric::misses && reason != NFUP_DROP_TAIL_CALL_MISS)
				continue;
			const double was =
			    before == base.nodes.end() ? 0 : static_cast<double>(before->second.drops[reason]);
			const double grown = static_cast<double>(node.drops[reason]) - scale * was;
			if (grown <= most)
				continue;
			most = grown;
			cause = "; most at " + name + ": " + reason_names[reason] + ", " +
				std::to_string(node.drops[reason]) + " packets";
		}
	}
	return cause;
}

} // namespace

Result<std::vector<Guard>> parse_guards(const std::string& text)
{
	return Parser(text).all();
}

Result<void> check_nodes(const std::vector<Guard>& guards, const std::vector<std::string>& nodes)
{
	for (const Guard& guard : guards) {
		if (guard.node.empty() || std::ranges::find(nodes, guard.node) != nodes.end())
			continue;
		const std::string near = intent::did_you_mean(guard.node, nodes);
		return fail(ErrorKind::intent,
			    "--guard '" + guard.text + "': neither the intent nor what runs has a node '" + guard.node +
				"'",
			    near.empty() ? "`nfup status` shows the nodes" : near);
	}
	return {};
}

std::uint64_t Window::packets(const std::string& node) const
{
	const auto found = nodes.find(node.empty() ? "ingress" : node);
	return found == nodes.end() ? 0 : found->second.packets;
}

Window between(const Window& earlier, const Window& later)
{
	Window window = later;
	window.seconds -= earlier.seconds;
	window.blur += earlier.blur;
	for (const auto& [name, before] : earlier.nodes) {
		const auto node = window.nodes.find(name);
		if (node == window.nodes.end())
			continue;
		node->second.packets -= before.packets;
		for (std::size_t reason = 0; reason < before.drops.size(); reason++)
			node->second.drops[reason] -= before.drops[reason];
	}
	return window;
}

Verdict judge(const Guard& guard, const Before& before, const Window& during, bool final)
{
	const bool share = guard.is_share();
	const bool upper = guard.op == Op::less || guard.op == Op::at_most || guard.op == Op::equal;
	const double scale = share ? 100 : 1;
	Verdict verdict{.guard = guard.text};
	verdict.unit = share ? "%" : guard.metric == Metric::misses ? "packets" : "packets/s";

	const bool recent = !share || before.recent.packets(guard.node) >= enough_packets;
	const Window& base = recent ? before.recent : before.lifetime;
	double limit = guard.offset;
	if (guard.relative) {
		const auto was = measure(guard, base);
		if (!was) {
			verdict.note = "not tested: no packets before";
			return verdict;
		}
		limit += *was * guard.factor;
		verdict.before = *was * scale;
	}
	verdict.limit = limit * scale;
	const auto value = measure(guard, during);
	const std::uint64_t packets = during.packets(guard.node);
	char seconds[32];
	snprintf(seconds, sizeof seconds, " in %.3g s", during.seconds);
	const std::string seen = (guard.node.empty() ? "" : " at " + guard.node) + seconds;
	if (!value) {
		verdict.note = "not tested: no packets" + seen;
		return verdict;
	}
	verdict.value = *value * scale;
	if (share) {
		double extra = limit > 0 ? blur(guard, during) + (guard.relative ? blur(guard, base) : 0) : 0;
		if (guard.relative || !final || packets < enough_packets)
			extra += allowance(limit, static_cast<double>(packets),
					   guard.relative ? static_cast<double>(base.packets(guard.node)) : 0);
		limit += upper ? extra : -extra;
		verdict.limit = limit * scale;
	}
	// Before the end misses can only grow, and a rate still changes.
	const bool too_early =
	    !final && (guard.metric == Metric::packets || (guard.metric == Metric::misses && !upper));
	// As much as before is no worse than before, also for `drops < before`.
	if (too_early || holds(guard.op, *value, limit) || (guard.relative && *value == limit)) {
		if (share && packets < enough_packets)
			verdict.note = "hardly tested: " + std::to_string(packets) + " packets" + seen;
		return verdict;
	}
	verdict.ok = false;
	verdict.note = guard.text + " was broken: " + show(*verdict.value, verdict.unit);
	if (share)
		verdict.note += " of " + std::to_string(packets) + " packets";
	if (guard.relative)
		verdict.note += ", before " + show(*verdict.before, verdict.unit);
	verdict.note += ", limit " + show(*verdict.limit, verdict.unit);
	verdict.note += main_cause(guard, base, during);
	return verdict;
}

} // namespace nfup::upgrade
