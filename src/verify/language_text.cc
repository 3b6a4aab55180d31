// Scripts tell most languages apart; the dozen that share Latin letters are told apart by their commonest
// words, which no text of a few sentences avoids. A lead of a third over the runner-up is asked for: Danish
// and Norwegian, or a text that quotes another language, are left open rather than guessed.
#include "verify/language_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr std::size_t kMaxText = 8 * 1024;

struct Tongue {
  std::string_view code;
  std::string_view names;   // lower case, separated by '|'
  std::string_view common;  // commonest words, separated by spaces; empty: told by its script
};

constexpr auto kTongues = std::to_array<Tongue>({
    {"en", "english|englisch|anglais|inglés|inglese",
     "the of and to in is that it for was on are as with be this by you from or have not at an but they "
     "which can will would"},
    {"de", "german|deutsch|allemand|alemán|tedesco",
     "der die das und ist nicht ein eine zu den mit von auf für sich im des dem es sie er wir ich auch als "
     "an wird sind dass oder bei"},
    {"fr", "french|französisch|français|francés|francese",
     "le la les et est des un une du que qui dans pour pas sur plus par avec ce il elle au ne sont en cette "
     "vous nous aux je"},
    {"es", "spanish|spanisch|espagnol|español|castellano|spagnolo",
     "el la los las y es que de en un una por con para no se del al lo como más pero sus su está este son o "
     "yo muy"},
    {"it", "italian|italienisch|italien|italiano",
     "il la di che e è un una per non sono con del della le gli si da in lo come anche più ma nel alla "
     "questo dei al i"},
    {"pt", "portuguese|portugiesisch|portugais|portugués|português",
     "o a os as e é que de do da em um uma para não com por se no na mais como dos das ao foi são ou seu "
     "pelo você"},
    {"nl", "dutch|niederländisch|holländisch|nederlands|néerlandais",
     "de het een en van is dat op te in zijn niet met voor er aan ook als om door bij naar wordt deze maar "
     "je ik die of uit"},
    {"sv", "swedish|schwedisch|svenska|suédois",
     "och att det är som en på för av med den till inte ett har de om var jag han vi så kan men eller från"},
    {"da", "danish|dänisch|dansk|danois",
     "og at det er som en på for af med den til ikke et har de om var jeg han vi så kan men eller fra"},
    {"pl", "polish|polnisch|polski|polonais",
     "i w na z że się nie do jest to o jak po co ale za od czy są przez dla oraz już tylko był może ten"},
    {"cs", "czech|tschechisch|čeština|česky",
     "a v se na je že s z do o i to k ve pro za by ale si po jako jsou od být který není jeho"},
    {"ro", "romanian|rumänisch|română",
     "și de la în a cu pe nu că este un o din pentru care mai se ce sau prin sunt al fi au"},
    {"tr", "turkish|türkisch|türkçe|turc",
     "ve bir bu da de için ile çok olarak daha olan gibi ne o ama en var değil kadar sonra her mı"},
    {"fi", "finnish|finnisch|suomi|suomeksi",
     "ja on ei se että oli hän ovat mutta kun tai niin kuin myös joka ole sen tämä voi mukaan"},
    {"id", "indonesian|indonesisch|bahasa indonesia",
     "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena ada adalah bisa atau "
     "oleh"},
    {"ru", "russian|russisch|russe|русский|русском", ""},
    {"uk", "ukrainian|ukrainisch|українська|українською", ""},
    {"el", "greek|griechisch|grec|ελληνικά", ""},
    {"ar", "arabic|arabisch|arabe|العربية", ""},
    {"he", "hebrew|hebräisch|עברית", ""},
    {"hi", "hindi|हिन्दी|हिंदी", ""},
    {"th", "thai|thailändisch|ไทย", ""},
    {"ja", "japanese|japanisch|japonais|日本語", ""},
    {"ko", "korean|koreanisch|coréen|한국어", ""},
    {"zh", "chinese|mandarin|chinesisch|chinois|中文|汉语", ""},
});

// One code point; invalid bytes count one each.
char32_t Next(std::string_view s, std::size_t* i) {
  const auto b = [&](std::size_t k) { return static_cast<unsigned char>(*i + k < s.size() ? s[*i + k] : 0); };
  const unsigned c = b(0);
  const std::size_t n = c < 0x80 ? 1 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
  char32_t value = n == 1 ? c : c & (0x7Fu >> n);
  for (std::size_t k = 1; k < n; ++k) value = (value << 6) | (b(k) & 0x3Fu);
  *i += n;
  return value;
}

struct Scripts {
  std::map<std::string_view, int> by_code;
  int latin = 0, all = 0;
};

Scripts CountScripts(std::string_view text) {
  struct Range {
    char32_t from, to;
    std::string_view code;
  };
  static constexpr auto kRanges = std::to_array<Range>({{0x370, 0x3FF, "el"},
                                                        {0x400, 0x52F, "ru"},
                                                        {0x590, 0x5FF, "he"},
                                                        {0x600, 0x6FF, "ar"},
                                                        {0x900, 0x97F, "hi"},
                                                        {0xE00, 0xE7F, "th"},
                                                        {0x3040, 0x30FF, "ja"},
                                                        {0x3400, 0x9FFF, "zh"},
                                                        {0xAC00, 0xD7AF, "ko"}});
  Scripts s;
  for (std::size_t i = 0; i < text.size();) {
    const char32_t c = Next(text, &i);
    if ((c < 0x80 && IsAlpha(static_cast<char>(c))) || (c >= 0xC0 && c < 0x250)) {
      ++s.latin;
      ++s.all;
      continue;
    }
    // Letters that Russian does not have.
    if (c == 0x456 || c == 0x457 || c == 0x454 || c == 0x491) s.by_code["uk"] += 1;
    for (const Range& r : kRanges) {
      if (c < r.from || c > r.to) continue;
      ++s.by_code[r.code];
      ++s.all;
    }
  }
  return s;
}

// Empty unless one script clearly rules.
std::string FromScripts(Scripts s) {
  if (s.all == 0) return {};
  // Japanese mixes kana with Chinese characters; Chinese has no kana.
  if (s.by_code["ja"] * 8 > s.by_code["zh"] && s.by_code["ja"] > 0)
    s.by_code["ja"] += s.by_code["zh"], s.by_code["zh"] = 0;
  const int ukrainian = s.by_code["uk"];
  s.by_code.erase("uk");
  for (const auto& [code, count] : s.by_code) {
    if (count * 10 < s.all * 6) continue;
    return code == "ru" && ukrainian * 50 > count ? "uk" : std::string(code);
  }
  return {};
}

const std::map<std::string, std::vector<std::size_t>, std::less<>>& CommonWords() {
  static const auto kWords = [] {
    std::map<std::string, std::vector<std::size_t>, std::less<>> words;
    for (std::size_t t = 0; t < kTongues.size(); ++t) {
      for (std::string_view word : Words(kTongues[t].common)) words[std::string(word)].push_back(t);
    }
    return words;
  }();
  return kWords;
}

std::string FromWords(std::string_view text) {
  std::array<double, kTongues.size()> scores{};
  int words = 0;
  std::string word;
  const auto finish = [&] {
    if (word.empty()) return;
    ++words;
    if (auto known = CommonWords().find(word); known != CommonWords().end()) {
      // A word of many languages says little about each.
      for (std::size_t t : known->second) scores[t] += 1.0 / static_cast<double>(known->second.size());
    }
    word.clear();
  };
  for (char c : text) {
    if (IsAlpha(c) || static_cast<unsigned char>(c) >= 0x80)
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    else
      finish();
  }
  finish();
  const auto best = std::max_element(scores.begin(), scores.end());
  const double lead = *best;
  const auto at = static_cast<std::size_t>(best - scores.begin());
  *best = 0;
  const double second = *std::max_element(scores.begin(), scores.end());
  if (words < 4 || lead < 1.0 || lead < 0.06 * words || lead < 1.34 * second) return {};
  return std::string(kTongues[at].code);
}

// Without code blocks, inline code, links and LaTeX.
std::string Prose(std::string_view text) {
  std::string out;
  bool fenced = false;
  for (std::string_view line : Lines(Clip(text, kMaxText))) {
    if (Trim(line).starts_with("```")) {
      fenced = !fenced;
      continue;
    }
    if (fenced) continue;
    char inside = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line.substr(i).starts_with("http://") || line.substr(i).starts_with("https://")) {
        while (i < line.size() && !IsSpace(line[i])) ++i;
        out += ' ';
        continue;
      }
      if (line[i] == '`' || line[i] == '$') {
        inside = inside == 0 ? line[i] : inside == line[i] ? '\0' : inside;
        out += ' ';
      } else if (inside == 0) {
        out += line[i];
      }
    }
    out += '\n';
  }
  return out;
}

}  // namespace

std::string DetectLanguage(std::string_view text) {
  const std::string prose = Prose(text);
  const Scripts scripts = CountScripts(prose);
  if (scripts.latin * 10 < scripts.all * 6) return FromScripts(scripts);
  return FromWords(prose);
}

std::string LanguageCode(std::string_view name) {
  const std::string wanted = Lower(Trim(name));
  for (const Tongue& t : kTongues) {
    if (wanted == t.code) return wanted;
    for (std::string_view left = t.names; !left.empty();) {
      const std::size_t bar = std::min(left.find('|'), left.size());
      if (left.substr(0, bar) == wanted) return std::string(t.code);
      left.remove_prefix(std::min(bar + 1, left.size()));
    }
  }
  return {};
}

std::string LanguageAsked(std::string_view question) {
  static constexpr auto kVerbs = std::to_array<std::string_view>(
      {"answer",   "reply",   "respond",   "write",    "translate", "summarise", "summarize", "explain",
       "antworte", "schreib", "übersetze", "erkläre",  "répond",    "écri",      "tradui",    "explique",
       "responde", "escrib",  "traduce",   "rispondi", "scrivi",    "traduci"});
  static constexpr auto kWays = std::to_array<std::string_view>(
      {" in ", " into ", " to ", " auf ", " ins ", " en ", " al ", " in het "});
  const std::string text = Lower(Clip(question, kMaxText));
  std::string found;
  std::size_t found_at = 0;
  for (std::string_view way : kWays) {
    for (std::size_t at = 0; (at = text.find(way, at)) != std::string::npos; at += way.size()) {
      std::size_t begin = at + way.size(), end = begin;
      while (end < text.size() && (IsAlpha(text[end]) || static_cast<unsigned char>(text[end]) >= 0x80))
        ++end;
      const std::string code = LanguageCode(std::string_view(text).substr(begin, end - begin));
      if (code.size() < 2 || end - begin < 3 || (!found.empty() && begin < found_at)) continue;
      // The verb stands in the same sentence, not far before.
      const std::size_t from = at > 120 ? at - 120 : 0;
      std::string_view before = std::string_view(text).substr(from, at - from);
      if (const std::size_t stop = before.find_last_of(".!?\n"); stop != std::string_view::npos)
        before.remove_prefix(stop);
      const bool verb = std::any_of(kVerbs.begin(), kVerbs.end(), [&](std::string_view v) {
        return before.find(v) != std::string_view::npos;
      });
      if (!verb) continue;
      found = code;
      found_at = begin;
    }
  }
  return found;
}

}  // namespace baton::verify
