// SPDX-License-Identifier: BSD-2-Clause
#include "arguments.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <optional>
#include <utility>

#include "config.h"
#include "patterns.h"
#include "suggest.h"

namespace nfup::intent {

bool is_list(const Param& param)
{
	return param.type == "patterns";
}

std::uint32_t PortTable::index(const std::string& label)
{
	const auto found = std::find(labels_.begin(), labels_.end(), label);
	if (found == labels_.end()) {
		labels_.push_back(label);
		return static_cast<std::uint32_t>(labels_.size() - 1);
	}
	return static_cast<std::uint32_t>(found - labels_.begin());
}

namespace {

using Texts = std::vector<std::string>;

class Binder {
public:
	Binder(const ClassInfo& info, const std::string& node, const Location& where, PortTable& ports,
	       Diagnostics& diagnostics)
		: info_(info), node_(node), where_(where), ports_(ports), diagnostics_(diagnostics),
		  texts_(info.params.size())
	{
	}

	Arguments run(const std::vector<std::string>& args);

private:
	void assign(const std::vector<std::string>& args);
	const Param* keyword_of(const std::string& arg, std::string& value) const;
	void encode(std::size_t i);
	void encode_list(const Param& param, const Texts& texts, Bytes& out);
	void error(std::string message, std::string hint = {});
	std::size_t index_of(const Param* param) const { return static_cast<std::size_t>(param - info_.params.data()); }
	std::string signature() const;

	const ClassInfo& info_;
	const std::string& node_;
	const Location& where_;
	PortTable& ports_;
	Diagnostics& diagnostics_;
	std::vector<std::optional<Texts>> texts_; // per parameter: what was written for it
	Arguments out_;
};

void Binder::error(std::string message, std::string hint)
{
	out_.ok = false;
	diagnostics_.error(where_, std::move(message), std::move(hint));
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

void Binder::assign(const std::vector<std::string>& args)
{
	std::size_t next = 0;
	bool too_many = false;

	for (const std::string& arg : args) {
		std::string value;
		if (const Param* p = keyword_of(arg, value)) {
			auto& text = texts_[index_of(p)];
			if (text)
				error("`" + p->name + "` of " + node_ + " is given twice");
			text = Texts{value};
			continue;
		}
		// Positional ones go where no keyword has been; a list keeps its place.
		while (next < info_.params.size() && texts_[next] && !is_list(info_.params[next]))
			++next;
		if (next == info_.params.size()) {
			const std::string word = arg.substr(0, arg.find(' '));
			std::vector<std::string> names;
			for (const Param& p : info_.params)
				names.push_back(p.name);
			if (looks_like_keyword(word) && arg.size() > word.size()) {
				std::string hint = did_you_mean(word, names);
				error(info_.name + " has no parameter `" + word + "`",
				      hint.empty() ? signature() : hint);
			} else if (!std::exchange(too_many, true)) {
				error("argument `" + arg + "` is one too many for " + node_,
				      info_.params.empty() ? info_.name + " takes no arguments" : signature());
			}
			continue;
		}
		auto& text = texts_[next];
		if (is_list(info_.params[next])) {
			if (!text)
				text.emplace();
			text->push_back(arg);
		} else {
			text = Texts{arg};
			++next;
		}
	}
}

void Binder::encode_list(const Param& param, const Texts& texts, Bytes& out)
{
	const auto program = compile_patterns(texts);
	if (!program)
		return error(node_ + ": " + program.error(), param.doc.empty() ? "" : param.name + ": " + param.doc);
	if (param.size != sizeof *program)
		return error(info_.name + " declares " + std::to_string(param.size) + " bytes for patterns, which have " +
			     std::to_string(sizeof *program));
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
		return encode_list(param, *given, bytes);
	std::string text;
	if (given && given->front() != "-" && !given->front().empty()) {
		text = given->front();
	} else if (param.fallback) {
		text = *param.fallback;
	} else {
		std::string hint = signature();
		if (!param.doc.empty())
			hint += "; " + param.name + ": " + param.doc;
		return error(node_ + " needs the argument `" + param.name + "`", std::move(hint));
	}
	if (is_list(param))
		return encode_list(param, split_args(text), bytes);
	if (param.type == "device") {
		const std::string label = unquote(text);
		if (label.empty() || param.size != 4)
			return error("`" + text + "` is no device");
		const std::uint32_t index = ports_.index(label);
		for (unsigned n = 0; n < 4; ++n)
			bytes[n] = static_cast<std::uint8_t>(index >> (8 * n));
		out_.device = static_cast<int>(index);
		return;
	}
	// A default need not obey the range: 0 may stand for "off".
	Param checked = param;
	if (!given || given->front() == "-")
		if (checked.type != "enum")
			checked.range.clear();
	if (auto value = encode_value(checked, text))
		bytes = *std::move(value);
	else
		error(param.name + " of " + node_ + ": " + value.error(),
		      param.doc.empty() ? "" : param.name + ": " + param.doc);
}

Arguments Binder::run(const std::vector<std::string>& args)
{
	assign(args);
	out_.values.resize(info_.params.size());
	for (std::size_t i = 0; i < info_.params.size(); ++i)
		encode(i);
	return std::move(out_);
}

} // namespace

Arguments read_arguments(const ClassInfo& info, const std::string& node, const std::vector<std::string>& args,
			 const Location& where, PortTable& ports, Diagnostics& diagnostics)
{
	return Binder(info, node, where, ports, diagnostics).run(args);
}

} // namespace nfup::intent
