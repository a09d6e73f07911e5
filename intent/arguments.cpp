// SPDX-License-Identifier: BSD-2-Clause
#include "arguments.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "bpf/lib/devices.h"
#include "config.h"
#include "filter_compile.h"
#include "filter_rules.h"
#include "neighbours.h"
#include "patterns.h"
#include "routes.h"
#include "suggest.h"

namespace nfup::intent {

bool is_list(const Param& param)
{
	static const std::set<std::string> types{"patterns", "rules", "expressions", "routes", "neighbours", "devices"};
	return types.contains(param.type);
}

std::uint32_t PortTable::index(const std::string& label)
{
	const auto [at, fresh] = index_.try_emplace(label, static_cast<std::uint32_t>(labels_.size()));
	if (fresh)
		labels_.push_back(label);
	return at->second;
}

namespace {

using Texts = std::vector<std::string>;

class Binder {
public:
	Binder(const ClassInfo& info, const Node& node, PortTable& ports, Diagnostics& diagnostics)
	    : info_(info), whole_(node), node_(node.name), ports_(ports), diagnostics_(diagnostics),
	      texts_(info.params.size()), places_(info.params.size(), -1)
	{
	}

	Arguments run();

private:
	void assign();
	const Param* keyword_of(const std::string& arg, std::string& value) const;
	void encode(std::size_t i);
	void encode_rules(int place, const Param& param, const Texts& texts, Bytes& out);
	std::expected<ListContent, ListMistake> compile_devices(const Texts& texts);
	void encode_content(int place, const Param& param, std::expected<ListContent, ListMistake> content, Bytes& out);
	void encode_list(int place, const Param& param, const Texts& texts, Bytes& out);
	// At argument `place`; at the node where that is -1.
	void error(int place, std::string message, std::string hint = {});
	std::size_t index_of(const Param* param) const { return static_cast<std::size_t>(param - info_.params.data()); }
	const Location& place_of(int place) const;
	std::string signature() const;
	void unknown_keyword(int place, const std::string& word);

	const ClassInfo& info_;
	const Node& whole_;
	const std::string& node_;
	PortTable& ports_;
	Diagnostics& diagnostics_;
	std::vector<std::optional<Texts>> texts_; // per parameter: what was written for it
	std::vector<int> places_;                 // … and as which argument, first of a list
	Arguments out_;
};

const Location& Binder::place_of(int place) const
{
	const auto i = static_cast<std::size_t>(place);
	return place >= 0 && i < whole_.arg_where.size() ? whole_.arg_where[i] : whole_.where;
}

void Binder::error(int place, std::string message, std::string hint)
{
	out_.ok = false;
	diagnostics_.error(place_of(place), std::move(message), std::move(hint));
}

// Strip(LENGTH size): what could have been written.
std::string Binder::signature() const
{
	std::string out = info_.name + "(";
	for (const Param& p : info_.params) {
		if (&p != &info_.params[0])
			out += ", ";
		const std::string one = p.name + " " + p.type;
		out += p.fallback ? "[" + one + "]" : one;
	}
	return out + ")";
}

bool looks_like_keyword(const std::string& word)
{
	return word.size() > 1 && std::isupper(static_cast<unsigned char>(word[0])) &&
	       word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string::npos;
}

const Param* Binder::keyword_of(const std::string& arg, std::string& value) const
{
	const std::size_t end = arg.find(' ');
	if (end == std::string::npos)
		return nullptr;
	for (const Param& p : info_.params)
		if (p.name == arg.substr(0, end) && looks_like_keyword(p.name)) {
			value = arg.substr(end + 1);
			return &p;
		}
	return nullptr;
}

void Binder::unknown_keyword(int place, const std::string& word)
{
	std::vector<std::string> names;
	for (const Param& p : info_.params)
		names.push_back(p.name);
	std::string hint = did_you_mean(word, names);
	error(place, info_.name + " has no parameter `" + word + "`", hint.empty() ? signature() : hint);
}

void Binder::assign()
{
	std::size_t next = 0;
	bool too_many = false;

	for (std::size_t i = 0; i < whole_.args.size(); ++i) {
		const std::string& arg = whole_.args[i];
		const int place = static_cast<int>(i);
		std::string value;
		if (const Param* p = keyword_of(arg, value)) {
			auto& text = texts_[index_of(p)];
			if (text)
				error(place, "`" + p->name + "` of " + node_ + " is given twice");
			text = Texts{value};
			places_[index_of(p)] = place;
			continue;
		}
		// Positional ones go where no keyword has been; a list keeps its place.
		while (next < info_.params.size() &&
		       ((texts_[next] && !is_list(info_.params[next])) || info_.params[next].keyword))
			++next;
		const Param* param = next < info_.params.size() ? &info_.params[next] : nullptr;
		const std::string word = arg.substr(0, arg.find(' '));
		const bool keyword = looks_like_keyword(word) && arg.size() > word.size();
		if (keyword && !info_.params.empty() && (!param || (!is_list(*param) && param->type != "string"))) {
			unknown_keyword(place, word);
			continue;
		}
		if (!param) {
			if (!std::exchange(too_many, true))
				error(place, "argument `" + arg + "` is one too many for " + node_,
				      info_.params.empty() ? info_.name + " takes no arguments" : signature());
			continue;
		}
		auto& text = texts_[next];
		if (places_[next] < 0)
			places_[next] = place;
		if (is_list(*param)) {
			if (!text)
				text.emplace();
			text->push_back(arg);
		} else {
			text = Texts{arg};
			++next;
		}
	}
}

void Binder::encode_rules(int place, const Param& param, const Texts& texts, Bytes& out)
{
	const auto report = [&](const FilterMistake& mistake) {
		error(place < 0 ? -1 : place + static_cast<int>(mistake.rule), node_ + ": " + mistake.message,
		      mistake.hint);
	};
	const auto rules = read_rules(param.type == "rules" ? FilterForm::filter : FilterForm::classifier, texts);
	if (!rules)
		return report(rules.error());
	const auto tables = compile_rules(*rules);
	if (!tables)
		return report(tables.error());
	if (param.size != sizeof tables->program)
		return error(place, info_.name + " declares " + std::to_string(param.size) + " bytes for " +
					param.type + ", which have " + std::to_string(sizeof tables->program));
	std::memcpy(out.data(), &tables->program, sizeof tables->program);
	out_.tables.push_back({"filter_shapes", shape_bytes(*tables)});
	out_.tables.push_back({"filter_entries", entry_bytes(*tables)});
	out_.elements = static_cast<int>(rules->outputs);
	for (const std::size_t rule : tables->idle)
		diagnostics_.warning(place_of(place < 0 ? -1 : place + static_cast<int>(rule)),
				     node_ + ": " + rule_name(rule, rules->rules[rule].text) + " never matches",
				     "earlier rules take its packets, or it contradicts itself");
}

std::expected<ListContent, ListMistake> Binder::compile_devices(const Texts& texts)
{
	device_list list{};
	for (const std::string& text : texts) {
		const auto wrong = [&](const std::string& why) {
			return std::unexpected(ListMistake{"`" + text + "` " + why, "", list.count});
		};
		const std::string label = unquote(text);
		if (label.empty())
			return wrong("is no device");
		const std::uint32_t port = ports_.index(label);
		if (list.count == NFUP_MAX_DEVICES)
			return wrong("is one too many; there can be " + std::to_string(NFUP_MAX_DEVICES));
		if (std::find(list.port, list.port + list.count, port) != list.port + list.count)
			return wrong("is given twice");
		list.port[list.count++] = port;
	}
	ListContent out;
	append_record(out.constant, list);
	out.outputs = static_cast<int>(list.count);
	return out;
}

void Binder::encode_content(int place, const Param& param, std::expected<ListContent, ListMistake> content, Bytes& out)
{
	if (!content)
		return error(place < 0 ? -1 : place + static_cast<int>(content.error().element),
			     node_ + ": " + content.error().message, content.error().hint);
	if (param.size != content->constant.size())
		return error(place, info_.name + " declares " + std::to_string(param.size) + " bytes for " +
					param.type + ", which have " + std::to_string(content->constant.size()));
	out = std::move(content->constant);
	std::ranges::move(content->tables, std::back_inserter(out_.tables));
	out_.elements = content->outputs;
}

void Binder::encode_list(int place, const Param& param, const Texts& texts, Bytes& out)
{
	if (param.type == "routes")
		return encode_content(place, param, compile_routes(texts), out);
	if (param.type == "neighbours")
		return encode_content(place, param, compile_neighbours(texts), out);
	if (param.type == "devices")
		return encode_content(place, param, compile_devices(texts), out);
	if (param.type != "patterns")
		return encode_rules(place, param, texts, out);
	const auto program = compile_patterns(texts);
	if (!program)
		return error(place, node_ + ": " + program.error(),
			     param.doc.empty() ? "" : param.name + ": " + param.doc);
	if (param.size != sizeof *program)
		return error(place, info_.name + " declares " + std::to_string(param.size) +
					" bytes for patterns, which have " + std::to_string(sizeof *program));
	std::memcpy(out.data(), &*program, sizeof *program);
	out_.elements = static_cast<int>(texts.size());
}

void Binder::encode(std::size_t i)
{
	const Param& param = info_.params[i];
	Bytes& bytes = out_.values[i];
	bytes.resize(param.size);

	// `-` is the default, as in the table; in a list it is a pattern.
	const std::optional<Texts>& given = texts_[i];
	if (is_list(param) && given)
		return encode_list(places_[i], param, *given, bytes);
	std::string text;
	if (given && given->front() != "-" && !given->front().empty()) {
		text = given->front();
	} else if (param.fallback) {
		text = *param.fallback;
	} else {
		std::string hint = signature();
		if (!param.doc.empty())
			hint += "; " + param.name + ": " + param.doc;
		return error(-1, node_ + " needs the argument `" + param.name + "`", std::move(hint));
	}
	if (is_list(param))
		return encode_list(places_[i], param, split_args(text), bytes);
	if (param.type == "device") {
		const std::string label = unquote(text);
		if (label.empty() || param.size != 4)
			return error(places_[i], "`" + text + "` is no device");
		const std::uint32_t index = ports_.index(label);
		for (unsigned n = 0; n < 4; ++n)
			bytes[n] = static_cast<std::uint8_t>(index >> (8 * n));
		out_.device = static_cast<int>(index);
		return;
	}
	// A default need not obey the range: 0 may stand for "off".
	Param checked = param;
	if (!given || given->front() == "-")
		if (checked.type != "enum" && checked.type != "named")
			checked.range.clear();
	if (auto value = encode_value(checked, text))
		bytes = *std::move(value);
	else
		error(places_[i], param.name + " of " + node_ + ": " + value.error(),
		      param.doc.empty() ? "" : param.name + ": " + param.doc);
}

Arguments Binder::run()
{
	assign();
	out_.values.resize(info_.params.size());
	for (std::size_t i = 0; i < info_.params.size(); ++i)
		encode(i);
	return std::move(out_);
}

} // namespace

Arguments read_arguments(const ClassInfo& info, const Node& node, PortTable& ports, Diagnostics& diagnostics)
{
	return Binder(info, node, ports, diagnostics).run();
}

} // namespace nfup::intent
