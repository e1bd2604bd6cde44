using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using DistBp.Cluster.Configuration;

namespace DistBp.Cli.Usage;

/// <summary>Flags and arguments whose mistakes are told in words.</summary>
internal static class Flags
{
    /// <summary>--name N: a whole number in [1, most]; 0 where the flag is not given.</summary>
    public static Option<int> Count(string name, int most, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            bool whole = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count);
            if (whole && count >= 1 && count <= most) return count;
            result.AddError($"{name} takes a whole number from 1 to {most}, not \"{text}\"");
            return 0;
        },
    };

    /// <summary>--name NUMBER: a finite number above 0; null where the flag is not given.</summary>
    public static Option<double?> Number(string name, string valueName, string description)
        => Number(name, valueName, description, value => double.IsFinite(value) && value > 0, "a number above 0");

    /// <summary>--name VALUE: a number in [least, most]; null where the flag is not given.</summary>
    public static Option<double?> Number(string name, string valueName, double least, double most, string description) => Number(
        name, valueName, description, value => value >= least && value <= most,
        string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"));

    private static Option<double?> Number(string name, string valueName, string description, Func<double, bool> fits, string expected) => new(name)
    {
        Description = description,
        HelpName = valueName,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            bool number = double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double value);
            if (number && fits(value)) return value;
            result.AddError($"{name} takes {expected}, not \"{text}\"");
            return null;
        },
    };

    /// <summary>--name N: a whole number of at least 0; null where the flag is not given.</summary>
    public static Option<int?> Whole(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)) return value;
            result.AddError($"{name} takes a whole number from 0 to {int.MaxValue}, not \"{text}\"");
            return null;
        },
    };

    /// <summary>--name VALUE; null where the flag is not given.</summary>
    public static Option<string?> Text(string name, string valueName, string description) =>
        Named(new Option<string?>(name), name, valueName, description);

    public static Option<string> Required(string name, string valueName, string description)
    {
        var option = Named(new Option<string>(name), name, valueName, description);
        option.Required = true;
        return option;
    }

    /// <summary>--name VALUE with one of a few words.</summary>
    public static Option<string?> Word(string name, string valueName, string description, params string[] words)
    {
        Option<string?> option = Text(name, valueName, $"{description}: {string.Join(", ", words)}.");
        option.CompletionSources.Add(words);
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !words.Contains(result.Tokens[0].Value))
                result.AddError($"{name} takes {string.Join(" or ", words)}, not \"{result.Tokens[0].Value}\"");
        });
        return option;
    }

    /// <summary>--name ADDR: "host:port"; null where the flag is not given.</summary>
    public static Option<NodeAddress?> Address(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "ADDR",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (NodeAddress.TryParse(text, out NodeAddress? address)) return address;
            result.AddError($"{name} takes an address ({NodeAddress.Form}), not \"{text}\"");
            return null;
        },
    };

    public static Option<bool> Switch(string name, string description) => new(name) { Description = description };

    /// <summary>A flag's value for a check of several flags; the default where it is missing or wrong by itself, which is told anyway.</summary>
    public static T? ValueOf<T>(CommandResult result, Option<T> option)
    {
        try
        {
            return result.GetValue(option);
        }
        catch (InvalidOperationException)
        {
            return default;
        }
    }

    private static Option<T> Named<T>(Option<T> option, string name, string valueName, string description)
    {
        option.Description = description;
        option.HelpName = valueName;
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && result.Tokens[0].Value.Length == 0) result.AddError($"{name} has an empty value");
        });
        return option;
    }
}
