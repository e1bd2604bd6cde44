using System.Globalization;
using DistBp.Cluster.Configuration.Forms;
using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning.Data;
using static DistBp.Cluster.Configuration.Forms.Numbers;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>How the steps of the preprocessing are written in a job file. A new step is one more entry.</summary>
internal static class PreprocessForms
{
    private static readonly ListForm<string> Columns = new(TextForm.Any, "a list of columns", mayBeEmpty: false);

    private static readonly OneOfForm<PreprocessStep> Step = new("preprocessing step", s => s.Kind,
    [
        Variant<PreprocessStep>.Of("divide", new DivideStep(0),
            (f, s) => s with { Divisor = f.Field("divisor", s.Divisor, NotZero, required: true) }, shorthand: "divisor"),
        Variant<PreprocessStep>.Of("standardize", new StandardizeStep()),
        Variant<PreprocessStep>.Of("minMax", new MinMaxStep()),
        Variant<PreprocessStep>.Of("impute", new ImputeStep(ImputeStrategy.Mean),
            (f, s) => f.Field("value", s, new ImputeForm(), required: true), shorthand: "value"),
        Variant<PreprocessStep>.Of("oneHot", new OneHotStep([]),
            (f, s) => s with { Columns = f.Field("columns", s.Columns, Columns, required: true) }, shorthand: "columns"),
        Variant<PreprocessStep>.Of("dropConstant", new DropConstantStep()),
        Variant<PreprocessStep>.Of("selectTop", new SelectTopStep(0),
            (f, s) => s with { Count = f.Field("count", s.Count, Count(1), required: true) }, shorthand: "count"),
    ],
    notAvailable: []);

    public static readonly ListForm<PreprocessStep> Steps = new(Step, "a list of preprocessing steps", mayBeEmpty: true);

    /// <summary>mean, median or the number itself.</summary>
    private sealed class ImputeForm : Form<ImputeStep>
    {
        public override string Expected => "mean, median or a number";

        public override string Sample => "median";

        public override ImputeStep Read(Node node, Place place, ImputeStep fallback) => node switch
        {
            ScalarNode { Text: "mean" } => new ImputeStep(ImputeStrategy.Mean),
            ScalarNode { Text: "median" } => new ImputeStep(ImputeStrategy.Median),
            ScalarNode { Quoted: false } scalar when double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double constant)
                && double.IsFinite(constant) => new ImputeStep(ImputeStrategy.Constant, constant),
            _ => Wrong(node, place, fallback),
        };

        public override Node Write(ImputeStep value) => value.Strategy switch
        {
            ImputeStrategy.Mean => Plain("mean"),
            ImputeStrategy.Median => Plain("median"),
            _ => Any.Write(value.Constant),
        };
    }
}
