using System.Globalization;
using System.Text.Json;

namespace DistBp.Cluster.Storage;

/// <summary>Doubles in JSON that come back as the same bits; what JSON has no number for is one of the strings "NaN", "Infinity", "-Infinity".</summary>
internal static class JsonNumbers
{
    public static void WriteDouble(this Utf8JsonWriter json, ReadOnlySpan<byte> name, double value)
    {
        json.WritePropertyName(name);
        WriteDoubleValue(json, value);
    }

    public static void WriteDouble(this Utf8JsonWriter json, string name, double value)
    {
        json.WritePropertyName(name);
        WriteDoubleValue(json, value);
    }

    /// <summary>Writes nothing for null: a loss that does not exist is absent.</summary>
    public static void WriteDouble(this Utf8JsonWriter json, ReadOnlySpan<byte> name, double? value)
    {
        if (value is { } number) json.WriteDouble(name, number);
    }

    /// <exception cref="FormatException">Neither a number nor one of the three words.</exception>
    public static double ReadDouble(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Number ? element.GetDouble() : element.GetString() switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            var other => throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{other}' is not a number")),
        };

    private static void WriteDoubleValue(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value)) json.WriteNumberValue(value);
        else if (double.IsNaN(value)) json.WriteStringValue("NaN"u8);
        else json.WriteStringValue(value > 0 ? "Infinity"u8 : "-Infinity"u8);
    }
}
