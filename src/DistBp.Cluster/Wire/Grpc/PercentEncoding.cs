using System.Globalization;
using System.Text;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>The header grpc-message: UTF-8, in which all but printable ASCII, and '%' itself, is written %XX.</summary>
internal static class PercentEncoding
{
    public static string Encode(string text)
    {
        var encoded = new StringBuilder(text.Length);
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            if (b is >= 0x20 and <= 0x7e and not (byte)'%') encoded.Append((char)b);
            else encoded.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }
        return encoded.ToString();
    }

    /// <summary>What is malformed stays as it is: an error message must not be lost over its spelling.</summary>
    public static string Decode(string text)
    {
        var bytes = new List<byte>(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length
                && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte b))
            {
                bytes.Add(b);
                i += 2;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text, i, 1));
            }
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }
}
