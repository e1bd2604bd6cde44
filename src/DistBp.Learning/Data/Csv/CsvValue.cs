using System.Globalization;
using System.Text;

namespace DistBp.Learning.Data.Csv;

/// <summary>What a field says.</summary>
internal static class CsvValue
{
    /// <summary>Empty, NA, NaN, ? or null, in any case, with or without space around.</summary>
    public static bool IsMissing(ReadOnlySpan<byte> field)
    {
        ReadOnlySpan<byte> text = field[Ascii.Trim(field)];
        return text.IsEmpty || text.SequenceEqual("?"u8) || Ascii.EqualsIgnoreCase(text, "NA"u8)
            || Ascii.EqualsIgnoreCase(text, "NaN"u8) || Ascii.EqualsIgnoreCase(text, "null"u8);
    }

    /// <inheritdoc cref="IsMissing(ReadOnlySpan{byte})"/>
    public static bool IsMissing(string field) => IsMissing(Encoding.UTF8.GetBytes(field));

    /// <summary>A number in invariant notation (1.5, -2e3); infinite where it is beyond a float.</summary>
    public static bool TryNumber(ReadOnlySpan<byte> field, out float value)
    {
        bool isNumber = double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double number);
        value = (float)number;
        return isNumber;
    }

    /// <inheritdoc cref="TryNumber(ReadOnlySpan{byte}, out float)"/>
    public static bool TryNumber(string field, out float value) => TryNumber(Encoding.UTF8.GetBytes(field), out value);
}
