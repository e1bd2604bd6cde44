using System.Globalization;

namespace DistBp.Learning.Data.Tensors;

/// <summary>The dict literal of an npy header: {'descr': '&lt;f4', 'fortran_order': False, 'shape': (3, 4), } in any order, each key
/// once.</summary>
internal sealed record NpyDictionary(string Descr, bool FortranOrder, long[] Shape)
{
    public static NpyDictionary Parse(string literal, string path) => new Parser(literal, path).Dictionary();

    private ref struct Parser(string text, string path)
    {
        private int _at;

        public NpyDictionary Dictionary()
        {
            string? descr = null;
            bool? fortranOrder = null;
            long[]? shape = null;
            Expect('{');
            while (!Accept('}'))
            {
                string key = Quoted();
                Expect(':');
                if (key == "descr" && descr is null) descr = Descr();
                else if (key == "fortran_order" && fortranOrder is null) fortranOrder = Boolean();
                else if (key == "shape" && shape is null) shape = Tuple();
                else throw Bad($"the key '{key}' is unknown or stands twice");
                if (!Accept(','))
                {
                    Expect('}');
                    break;
                }
            }
            SkipSpace();
            if (_at != text.Length) throw Bad("something follows the dictionary");
            if (descr is null || fortranOrder is null || shape is null) throw Bad("descr, fortran_order or shape is missing");
            return new NpyDictionary(descr, fortranOrder.Value, shape);
        }

        private string Descr()
        {
            SkipSpace();
            if (_at < text.Length && text[_at] == '[') throw Bad("it describes a structured array; save one plain array of numbers");
            return Quoted();
        }

        private bool Boolean()
        {
            SkipSpace();
            foreach ((string word, bool value) in (ReadOnlySpan<(string, bool)>)[("True", true), ("False", false)])
            {
                if (string.CompareOrdinal(text, _at, word, 0, word.Length) != 0) continue;
                _at += word.Length;
                return value;
            }
            throw Bad("fortran_order is neither True nor False");
        }

        private long[] Tuple()
        {
            var dimensions = new List<long>();
            Expect('(');
            while (!Accept(')'))
            {
                SkipSpace();
                int start = _at;
                while (_at < text.Length && char.IsAsciiDigit(text[_at])) _at++;
                if (!long.TryParse(text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out long dimension))
                    throw Bad("a dimension is no whole number");
                dimensions.Add(dimension);
                if (!Accept(','))
                {
                    Expect(')');
                    break;
                }
            }
            return [.. dimensions];
        }

        private string Quoted()
        {
            SkipSpace();
            char quote = _at < text.Length ? text[_at] : ' ';
            int end = quote is '\'' or '"' ? text.IndexOf(quote, _at + 1) : -1;
            if (end < 0) throw Bad("a string is missing");
            string content = text[(_at + 1)..end];
            _at = end + 1;
            return content;
        }

        private bool Accept(char expected)
        {
            SkipSpace();
            if (_at >= text.Length || text[_at] != expected) return false;
            _at++;
            return true;
        }

        private void Expect(char expected)
        {
            if (!Accept(expected)) throw Bad($"'{expected}' is missing at character {_at}");
        }

        private void SkipSpace()
        {
            while (_at < text.Length && text[_at] is (' ' or '\n')) _at++;
        }

        private readonly UserException Bad(string why) =>
            new(ErrorKind.Data, $"The npy header is damaged: {why}.", path, "write the file with numpy.save");
    }
}
