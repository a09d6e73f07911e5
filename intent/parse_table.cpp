// SPDX-License-Identifier: BSD-2-Clause
#include "parse_table.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>

#include "config.h"
#include "names.h"
#include "rows.h"
#include "suggest.h"

namespace nfup::intent {

namespace {

constexpr int max_port = 4095;
constexpr const char* row_shape = "a row is SRC PORT IN DST ARGS, with `-` for what is left to the default";

bool is_number(const std::string& word)
{
	return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
}

// LENGTH, TIMEOUT: how keyword arguments begin.
bool is_keyword(const std::string& word)
{
	return word.size() > 1 && std::isupper(static_cast<unsigned char>(word[0])) &&
	       word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string::npos;
}

// What a SRC or DST says: Class, Class@N (the N-th of its class) or Class@NAME
// (a node with a name of its own).
struct Mention {
	std::string cls;
	std::string name; // empty for a bare class
};

Mention mention(const std::string& word)
{
	const std::size_t at = word.find('@');
	if (at == std::string::npos)
		return {word, {}};
	std::string cls = word.substr(0, at), rest = word.substr(at + 1);
	if (rest == "1")
		return {cls, cls};
	if (is_number(rest) && rest[0] != '0')
		return {cls, word};
	return {cls, rest};
}

class TableParser {
public:
	TableParser(const std::string& text, const std::string& file, Diagnostics& diagnostics)
	    : text_(text), file_(file), diagnostics_(diagnostics)
	{
	}

	Graph run();

private:
	void row(const Row& row);
	std::optional<int> number(const Word& word);
	bool named(const Word& word);
	int source(const Word& word);
	int destination(const Word& word, const std::vector<std::string>& args, const std::vector<Location>& where);
	int add(std::string name, const std::string& cls, const std::vector<std::string>& args,
		const std::vector<Location>& where, const Word& word);
	std::vector<std::string> arguments(const Row& row, std::size_t first, std::vector<Location>& where) const;
	void read_single_patterns();
	Location location(const Word& word) const { return {file_, word.line, word.column, 0}; }
	Node& node(int i) { return graph_.nodes[static_cast<std::size_t>(i)]; }

	const std::string& text_;
	const std::string& file_;
	Diagnostics& diagnostics_;
	Graph graph_;
	std::unordered_map<std::string, int> by_name_;
	std::unordered_map<std::string, std::vector<int>> by_class_;
	std::unordered_map<std::string, int> by_content_; // "Class(args)" → the first such node
	std::unordered_map<std::string, int> numbers_;
	std::set<std::tuple<int, int, int, int>> seen_;
};

std::vector<std::string> TableParser::arguments(const Row& row, std::size_t first, std::vector<Location>& where) const
{
	if (first >= row.words.size())
		return {};
	const std::size_t start = row.words[first].at;
	const std::string_view text = std::string_view(text_).substr(start, row.end - start);
	const std::vector<Piece> pieces = split_pieces(text);
	std::vector<std::string> args;
	const auto place = [&](std::size_t byte) { // of the word that has it
		std::size_t i = first;
		while (i + 1 < row.words.size() && row.words[i + 1].at <= byte)
			++i;
		Location at = location(row.words[i]);
		at.column += static_cast<int>(byte - row.words[i].at);
		return at;
	};

	// Commas, if there are any; else white space, where KEYWORD VALUE stays together.
	if (pieces.size() > 1 || normalise_config(text).ends_with(',')) {
		for (const Piece& piece : pieces) {
			args.push_back(piece.text);
			where.push_back(place(start + piece.at));
		}
		return args;
	}
	std::vector<std::string> words = split_words(text);
	if (words.size() == 1 && words[0] == "-")
		return {};
	for (std::size_t i = 0; i < words.size(); ++i) {
		where.push_back(location(row.words[std::min(first + i, row.words.size() - 1)]));
		if (is_keyword(words[i]) && i + 1 < words.size()) {
			args.push_back(words[i] + " " + words[i + 1]);
			++i;
		} else {
			args.push_back(words[i]);
		}
	}
	return args;
}

std::optional<int> TableParser::number(const Word& word)
{
	int value = 0;
	const auto [stop, error] = std::from_chars(word.text.data(), word.text.data() + word.text.size(), value);
	if (error == std::errc() && value <= max_port)
		return value;
	diagnostics_.error(location(word), "port " + word.text + " is out of range");
	return std::nullopt;
}

int TableParser::add(std::string name, const std::string& cls, const std::vector<std::string>& args,
		     const std::vector<Location>& where, const Word& word)
{
	const int index = static_cast<int>(graph_.nodes.size());

	if (name.empty()) {
		int& n = numbers_[cls];
		do
			name = ++n == 1 ? cls : cls + "@" + std::to_string(n);
		while (by_name_.contains(name));
	}
	by_name_.emplace(name, index);
	by_class_[cls].push_back(index);
	by_content_.try_emplace(cls + "(" + join_args(args) + ")", index);
	graph_.nodes.push_back({std::move(name), cls, args, location(word), where});
	return index;
}

// Is the word a Class, Class@N or Class@NAME?
bool TableParser::named(const Word& word)
{
	const Mention m = mention(word.text);
	std::string why = class_name_error(m.cls);

	if (why.empty() && !m.name.empty())
		why = element_name_error(m.name);
	else if (why.empty() && m.cls != word.text)
		why = "`" + word.text + "` lacks a number or a name behind the `@`";
	if (why.empty())
		return true;
	diagnostics_.error(location(word), std::move(why), row_shape);
	return false;
}

int TableParser::source(const Word& word)
{
	const Mention m = mention(word.text);

	if (m.name.empty()) {
		if (const auto found = by_class_.find(m.cls); found != by_class_.end())
			return found->second.back();
	} else if (const auto found = by_name_.find(m.name);
		   found != by_name_.end() && node(found->second).cls == m.cls) {
		return found->second;
	}
	constexpr std::size_t few = 50; // by then the hints are known
	std::vector<std::string> classes;
	if (diagnostics_.list().size() < few)
		for (const auto& [cls, nodes] : by_class_)
			classes.push_back(cls);
	std::string hint = did_you_mean(word.text, classes);
	if (hint.empty())
		hint =
		    "a node is introduced as the DST of an earlier row; `- - - " + word.text + "` introduces a source";
	diagnostics_.error(location(word), "no row above introduces `" + word.text + "`", std::move(hint));
	return -1;
}

int TableParser::destination(const Word& word, const std::vector<std::string>& args, const std::vector<Location>& where)
{
	const Mention m = mention(word.text);

	if (!m.name.empty()) {
		const auto found = by_name_.find(m.name);
		if (found == by_name_.end())
			return add(m.name, m.cls, args, where, word);
		const Node& there = node(found->second);
		if (there.cls != m.cls)
			diagnostics_.error(location(word), "`" + m.name + "` is already a node of class " + there.cls);
		else if (!args.empty() && args != there.args)
			diagnostics_.error(location(word),
					   "`" + word.text + "` already has the arguments `" + join_args(there.args) +
					       "`",
					   "introduced on line " + std::to_string(there.where.line));
		return found->second;
	}
	if (const auto same = by_content_.find(m.cls + "(" + join_args(args) + ")"); same != by_content_.end())
		return same->second;
	// Without arguments the class alone says which node: the last one.
	if (const auto found = by_class_.find(m.cls); args.empty() && found != by_class_.end()) {
		const Node& there = node(found->second.back());
		diagnostics_.note(location(word), "`" + m.cls + "` without arguments is read as the last one above, " +
						      m.cls + " " + join_args(there.args));
		return found->second.back();
	}
	return add({}, m.cls, args, where, word);
}

void TableParser::row(const Row& row)
{
	const std::vector<Word>& words = row.words;
	std::size_t dst = 1;

	while (dst < words.size() && (words[dst].text == "-" || is_number(words[dst].text)))
		++dst;
	if (words[0].text != "-" && !named(words[0]))
		return;
	if (dst == words.size()) {
		diagnostics_.error(location(words.back()), "this row has no destination", row_shape);
		return;
	}
	if (!named(words[dst]))
		return;
	if (dst < 2 || dst > 4) {
		diagnostics_.error(location(words[dst]),
				   "one to three columns stand between source and destination, not " +
				       std::to_string(dst - 1),
				   row_shape);
		return;
	}

	std::optional<int> out = 0, in = 0;
	bool has_in = false;
	if (words[1].text != "-")
		out = number(words[1]);
	for (std::size_t i = 2; i < dst; ++i) {
		if (words[i].text == "-")
			continue;
		if (has_in) {
			diagnostics_.error(location(words[i]), "this row names two input ports", row_shape);
			return;
		}
		has_in = true;
		in = number(words[i]);
	}
	if (dst + 1 < words.size()) {
		const std::size_t start = words[dst + 1].at;
		if (std::string why = config_error(std::string_view(text_).substr(start, row.end - start));
		    !why.empty()) {
			diagnostics_.error(location(words[dst + 1]), "these arguments do not end: " + why);
			return;
		}
	}
	std::vector<Location> where;
	const std::vector<std::string> args = arguments(row, dst + 1, where);
	for (const std::string& arg : args)
		if (arg.find("${") != std::string::npos)
			diagnostics_.error(location(words[dst]), "`" + arg + "`: a table has no parameters to replace",
					   "write the value, or use the Click form");

	int from = -1;
	if (words[0].text != "-") {
		from = source(words[0]);
	} else if (words[1].text != "-" || has_in) {
		diagnostics_.error(location(words[1]), "a row without a source has no ports", row_shape);
		return;
	}
	const int to = destination(words[dst], args, where);
	if (from >= 0 && out && in && seen_.emplace(from, *out, to, *in).second)
		graph_.edges.push_back({from, *out, to, *in, location(words[0])});
}

// The paper writes `Classifier 12/0800` and goes on at output 1 with what
// matched, at output 0 with the rest. In Click's terms: `12/0800, -`, ports
// swapped.
void TableParser::read_single_patterns()
{
	std::vector<bool> second_output(graph_.nodes.size());

	for (const Edge& e : graph_.edges)
		if (e.out == 1)
			second_output[static_cast<std::size_t>(e.from)] = true;
	std::vector<bool> swap(graph_.nodes.size());
	for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
		Node& n = graph_.nodes[i];
		if (n.cls != "Classifier" || n.args.size() != 1 || n.args[0] == "-" || !second_output[i])
			continue;
		swap[i] = true;
		diagnostics_.note(
		    n.where,
		    "one pattern and two outputs: output 1 is what matches `" + n.args[0] + "`, output 0 what does not",
		    "as in the Click-UP paper; with `" + n.args[0] + " -` output 0 is what matches, as in Click");
		n.args.emplace_back("-");
		n.arg_where.clear();
	}
	for (Edge& e : graph_.edges)
		if (swap[static_cast<std::size_t>(e.from)] && e.out <= 1)
			e.out = 1 - e.out;
}

Graph TableParser::run()
{
	Rows rows(text_);

	for (Row r; rows.next(r);)
		row(r);
	if (!rows.open_comment().text.empty())
		diagnostics_.error(location(rows.open_comment()), "this comment has no end", "close it with `*/`");
	read_single_patterns();
	return std::move(graph_);
}

} // namespace

Graph parse_table(const std::string& text, const std::string& file, Diagnostics& diagnostics)
{
	return TableParser(text, file, diagnostics).run();
}

} // namespace nfup::intent
