using System.Text;
using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning;

namespace DistBp.Cluster.Configuration.Hocon;

/// <summary>The characters of a HOCON text, with line and column, and its words: quoted and unquoted texts, spaces and comments.</summary>
internal sealed class HoconScanner(string text, string source)
{
    private const char End = '\0';
    private int _position;
    private int _line = 1;
    private int _lineStart;

    public Origin Origin => new(source, _line, _position - _lineStart + 1);

    public bool IsAtEnd => _position >= text.Length;

    public char Current => IsAtEnd ? End : text[_position];

    private char Following => _position + 1 < text.Length ? text[_position + 1] : End;

    public bool IsAtComment => Current == '#' || (Current == '/' && Following == '/');

    public bool StartsWith(string piece) => string.CompareOrdinal(text, _position, piece, 0, piece.Length) == 0;

    public void Advance(int count = 1)
    {
        for (int i = 0; i < count; i++)
        {
            if (text[_position++] != '\n') continue;
            _line++;
            _lineStart = _position;
        }
    }

    /// <summary>Goes over <paramref name="c"/> if it comes next.</summary>
    public bool Take(char c)
    {
        if (IsAtEnd || Current != c) return false;
        Advance();
        return true;
    }

    /// <summary>Goes over spaces, not over line ends.</summary>
    /// <returns>Them.</returns>
    public string TakeSpaces()
    {
        int start = _position;
        while (!IsAtEnd && Current != '\n' && char.IsWhiteSpace(Current)) Advance();
        return text[start.._position];
    }

    /// <summary>Goes over spaces, comments and line ends.</summary>
    /// <returns>Whether a line ended.</returns>
    public bool SkipLines()
    {
        int line = _line;
        while (true)
        {
            TakeSpaces();
            if (IsAtComment) SkipComment();
            else if (!Take('\n')) return _line > line;
        }
    }

    private void SkipComment()
    {
        while (!IsAtEnd && Current != '\n') Advance();
    }

    /// <summary>Letters up to a character that has a meaning of its own, or a space.</summary>
    /// <param name="alsoEndsAt">Further characters that end it.</param>
    public string TakeUnquoted(string alsoEndsAt = "")
    {
        const string Special = "$\"{}[]:=,+#`^?!@*&\\";
        int start = _position;
        while (!IsAtEnd && !char.IsWhiteSpace(Current) && !Special.Contains(Current, StringComparison.Ordinal)
            && !alsoEndsAt.Contains(Current, StringComparison.Ordinal) && !IsAtComment)
            Advance();
        return text[start.._position];
    }

    /// <summary>A text in quotes, or in three quotes over several lines.</summary>
    public string TakeQuoted()
    {
        const string Triple = "\"\"\"";
        Origin start = Origin;
        if (StartsWith(Triple))
        {
            Advance(Triple.Length);
            int end = text.IndexOf(Triple, _position, StringComparison.Ordinal);
            if (end < 0) throw Wrong("a text in three quotes is not closed", start, "close it with \"\"\"");
            string lines = text[_position..end];
            Advance(lines.Length + Triple.Length);
            return lines;
        }
        Advance();
        var quoted = new StringBuilder();
        while (!Take('"'))
        {
            if (IsAtEnd || Current == '\n') throw Wrong("a quote is not closed", start, "close it in the same line");
            quoted.Append(Current == '\\' ? TakeEscape() : Current);
            Advance();
        }
        return quoted.ToString();
    }

    public UserException Wrong(string what, Origin? where = null, string remedy = "write KEY = VALUE") =>
        new(ErrorKind.Usage, what, (where ?? Origin).ToString(), remedy);

    /// <summary>Leaves its last character to be gone over.</summary>
    private char TakeEscape()
    {
        Origin start = Origin;
        Advance();
        switch (Current)
        {
            case '"' or '\\' or '/': return Current;
            case 'n': return '\n';
            case 't': return '\t';
            case 'r': return '\r';
            case 'b': return '\b';
            case 'f': return '\f';
            case 'u' when _position + 4 < text.Length && ushort.TryParse(text.AsSpan(_position + 1, 4), System.Globalization.NumberStyles.AllowHexSpecifier,
                System.Globalization.CultureInfo.InvariantCulture, out ushort code):
                Advance(4);
                return (char)code;
            default: throw Wrong("\"\\\" with this letter has no meaning", start, "write \\\\ for \\");
        }
    }
}
