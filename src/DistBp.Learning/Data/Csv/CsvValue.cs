using System.Buffers;
using System.Globalization;
using System.Text;

namespace DistBp.Learning.Data.Csv;

/// <summary>What a field says.</summary>
internal static class CsvValue
{
    private static readonly SearchValues<byte> InNumbers = SearchValues.Create("0123456789+-.,eE "u8);

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

    /// <summary>Digits with a comma among them ("1,5", "-1.234,5"): a number as half of the world writes it.</summary>
    public static bool HasDecimalComma(ReadOnlySpan<byte> field) =>
        field.Contains((byte)',') && field.ContainsAnyInRange((byte)'0', (byte)'9') && field.IndexOfAnyExcept(InNumbers) < 0;
}
