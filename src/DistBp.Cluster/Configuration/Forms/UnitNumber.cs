using System.Globalization;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>A number with a unit, as "200ms" or "1.5 MiB".</summary>
internal static class UnitNumber
{
    /// <param name="value">In the unit whose factor is 1.</param>
    public static bool TryRead(string text, ReadOnlySpan<(string Unit, double Factor)> units, out double value)
    {
        int digits = text.AsSpan().TrimEnd().LastIndexOfAnyInRange('0', '9') + 1;
        string unit = text[digits..].Trim();
        value = 0;
        if (!double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
            return false;
        foreach ((string known, double factor) in units)
        {
            if (known != unit) continue;
            value = number * factor;
            return true;
        }
        return false;
    }
}
