using System.Globalization;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>The header grpc-timeout: at most eight digits and a unit, one of H M S m u n.</summary>
internal static class GrpcTimeout
{
    public const string Header = "grpc-timeout";

    private const long MaxValue = 99_999_999;

    private static readonly (char Unit, double Ticks)[] s_units =
    [
        ('n', TimeSpan.TicksPerMillisecond / 1e6), ('u', TimeSpan.TicksPerMicrosecond), ('m', TimeSpan.TicksPerMillisecond),
        ('S', TimeSpan.TicksPerSecond), ('M', TimeSpan.TicksPerMinute), ('H', TimeSpan.TicksPerHour),
    ];

    /// <summary>In the finest unit that eight digits hold, rounded up: a peer gives up no earlier than asked.</summary>
    public static string Format(TimeSpan timeout)
    {
        long ticks = Math.Max(0, timeout.Ticks);
        foreach ((char unit, double ofUnit) in s_units)
        {
            double value = Math.Ceiling(ticks / ofUnit);
            if (value <= MaxValue) return string.Create(CultureInfo.InvariantCulture, $"{(long)value}{unit}");
        }
        return string.Create(CultureInfo.InvariantCulture, $"{MaxValue}H");
    }

    /// <summary>False where the header is malformed.</summary>
    public static bool TryParse(string header, out TimeSpan timeout)
    {
        timeout = default;
        if (header.Length is < 2 or > 9 || !long.TryParse(header.AsSpan(0, header.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long value))
            return false;
        foreach ((char unit, double ticks) in s_units)
        {
            if (unit != header[^1]) continue;
            timeout = new TimeSpan((long)Math.Min(value * ticks, TimeSpan.MaxValue.Ticks));
            return true;
        }
        return false;
    }
}
