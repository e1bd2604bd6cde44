using DistBp.Learning.Data;

namespace DistBp.Learning.Tests.Data;

public sealed class CsvTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Quoted_fields_a_header_and_class_names_are_read()
    {
        TrainingData data = Load("\"a, in cm\",b,\"the \"\"kind\"\"\"\n1,2,dog\n\n\"3\", 4.5e0 ,cat\r\n5,6,dog", "the \"kind\"");
        Assert.Equal([1f, 2, 3, 4.5f, 5, 6], data.Train.Samples.Span.ToArray());
        Assert.Equal([1f, 0, 1], data.Train.Targets.Span.ToArray());
        Assert.Equal(["cat", "dog"], data.Schema.ClassNames!);
        Assert.Equal(["a, in cm", "b"], data.Schema.FeatureNames);
        Assert.Equal(new TensorShape(2), data.Train.SampleShape);
    }

    [Theory]
    [InlineData("1,2,10\n3,4,9\n5,6,100\n")]
    [InlineData("a,b,c\n1,2,10\n3,4,9\n5,6,100\n")]
    [InlineData("\uFEFF1;2;10\n3;4;9\n5;6;100")]
    [InlineData("1\t2\t10\n3\t4\t9\n5\t6\t100")]
    public void A_label_by_index_needs_no_header_and_numeric_classes_are_ordered_by_value(string text)
    {
        TrainingData data = Load(text, "2");
        Assert.Equal(["9", "10", "100"], data.Schema.ClassNames!);
        Assert.Equal([1f, 0, 2], data.Train.Targets.Span.ToArray());
        Assert.Equal([1f, 2, 3, 4, 5, 6], data.Train.Samples.Span.ToArray());
    }

    [Fact]
    public void Compressed_files_are_read_whatever_their_name()
    {
        _folder.Write("data.csv", TemporaryFolder.Gzip("a,y\n1,2\n3,4\n"u8.ToArray()));
        TrainingData data = DataLoader.Load(CsvJob.Of("y", []), TargetKind.Values, 1, _folder.Path);
        Assert.Equal([2f, 4], data.Train.Targets.Span.ToArray());
    }

    [Fact]
    public void The_second_of_two_classes_is_1_in_a_binary_target()
    {
        TrainingData data = Load("a,y\n1,yes\n2,no\n3,yes\n", "y", TargetKind.Binary);
        Assert.Equal([1f, 0, 1], data.Train.Targets.Span.ToArray());
        Assert.Equal(["no", "yes"], data.Schema.ClassNames!);
    }

    [Fact]
    public void Chosen_features_come_in_the_order_asked_for()
    {
        _folder.Write("data.csv", "id,a,b,y\nx1,1,2,0\nx2,3,4,1\n");
        TrainingData data = DataLoader.Load(CsvJob.Of("y", [], features: ["b", "1"]), TargetKind.Classes, 1, _folder.Path);
        Assert.Equal([2f, 1, 4, 3], data.Train.Samples.Span.ToArray());
    }

    [Fact]
    public void A_test_file_is_read_by_names_in_any_order()
    {
        _folder.Write("data.csv", "a,b,y\n1,2,u\n3,4,v\n");
        _folder.Write("test.csv", "note,y,b,a\nhello,v,20,10\n");
        TrainingData data = DataLoader.Load(CsvJob.Of("y", [], test: new CsvFile("test.csv", "y", null)), TargetKind.Classes, 1,
            _folder.Path);
        Assert.Equal([10f, 20], data.Test!.Samples.Span.ToArray());
        Assert.Equal([1f], data.Test!.Targets.Span.ToArray());
    }

    [Fact]
    public void The_like_mistakes_of_a_column_are_told_once_with_their_lines()
    {
        string rows = string.Concat(Enumerable.Range(1, 8).Select(day => $"2024-01-0{day},{day},{day % 2}\n"));
        _folder.Write("data.csv", "when,a,y\n" + rows + "x,big,1\n");
        var problem = Assert.Throws<UserException>(() => DataLoader.Load(CsvJob.Of("y", []), TargetKind.Classes, 1, _folder.Path));
        Assert.Equal(
            ["Column 'when' has '2024-01-01', which is not a number. So are 8 more lines: 3, 4, 5, 6, …", "Column 'a' has 'big', which is not a number."],
            problem.Problems.Select(p => p.What));
        Assert.EndsWith("data.csv:2", problem.Problems[0].Where, StringComparison.Ordinal);
    }

    [Fact]
    public void A_decimal_comma_is_answered_with_how_numbers_are_written()
    {
        _folder.Write("data.csv", "a;y\n1,5;0\n2,5;1\n");
        var problem = Assert.Throws<UserException>(() => DataLoader.Load(CsvJob.Of("y", []), TargetKind.Classes, 1, _folder.Path));
        Assert.Contains("decimal point", problem.Problems[0].Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_column_that_a_comma_at_the_end_of_rows_makes_is_told_by_its_place()
    {
        _folder.Write("data.csv", "a,y,\n1,0,\n2,1,\n");
        var problem = Assert.Throws<UserException>(() => DataLoader.Load(CsvJob.Of("y", []), TargetKind.Classes, 1, _folder.Path));
        Assert.Equal("The value of column 2 (which has no name in the header) is missing. So is line 3.", Assert.Single(problem.Problems).What);
    }

    [Fact]
    public void A_header_that_is_not_UTF8_is_told_and_not_read_as_other_names()
    {
        File.WriteAllBytes(Path.Combine(_folder.Path, "data.csv"), System.Text.Encoding.Latin1.GetBytes("gr\u00F6\u00DFe,y\n1,0\n2,1\n"));
        var problem = Assert.Throws<UserException>(() => DataLoader.Load(CsvJob.Of("y", []), TargetKind.Classes, 1, _folder.Path));
        Assert.Equal("The file is not UTF-8 text.", problem.Problems[0].What);
        Assert.EndsWith("data.csv:1", problem.Problems[0].Where, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_bad_fields_are_told_at_once_with_line_and_column()
    {
        _folder.Write("data.csv", "a,color,y\n1,2,0\nbig,red,1\n3,4\n5,,1\n6,7,\n");
        var problem = Assert.Throws<UserException>(() => DataLoader.Load(CsvJob.Of("y", []), TargetKind.Classes, 1, _folder.Path));
        Assert.Equal(ErrorKind.Data, problem.Kind);
        Assert.Equal([3, 3, 4, 5, 6], problem.Problems.Select(p => int.Parse(p.Where[(p.Where.LastIndexOf(':') + 1)..])));
        Assert.Equal("Column 'a' has 'big', which is not a number.", problem.Problems[0].What);
        Assert.Contains("{oneHot: [color]}", problem.Problems[1].Remedy, StringComparison.Ordinal);
        Assert.Equal("The row has 2 fields and the first row has 3.", problem.Problems[2].What);
        Assert.Equal("The value of column 'color' is missing.", problem.Problems[3].What);
        Assert.Contains("{impute: mean}", problem.Problems[3].Remedy, StringComparison.Ordinal);
        Assert.Equal("The label (column 'y') is missing.", problem.Problems[4].What);
    }

    [Fact]
    public void Lines_are_counted_over_line_breaks_in_quotes_and_blank_lines()
    {
        _folder.Write("data.csv", "a,b,y\n1,\"x\ny\",0\n\nbad,z,1\n");
        CsvJob.Expect(
            () => DataLoader.Load(CsvJob.Of("y", [new OneHotStep(["b"])]), TargetKind.Classes, 1, _folder.Path), ErrorKind.Data,
                "data.csv:5", "'bad'");
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("\n\n", "empty")]
    [InlineData("a,b,y\n", "header and no rows")]
    [InlineData("a,a,y\n1,2,3\n", "'a' 2 times", "columns 0, 1", "data.csv:1")]
    [InlineData("a,b,label\n1,2,3\n", "no column 'y'", "its columns are: a, b, label")]
    [InlineData("a,b,Y \n1,2,3\n", "no column 'y'", "did you mean 'Y'?")]
    [InlineData("y\n1\n", "no column but the label")]
    [InlineData("a,y\n1,\"2\n3,4\n", "quotes", "data.csv:2")]
    [InlineData("a,y\n1e39,0\n2,1\n", "beyond the range", "data.csv:2")]
    [InlineData("a,y\n1,0.5\n2,0.25\n", "numbers such as 0.25", "meanSquaredError")]
    [InlineData("a,y\n1,u\n2,u\n", "nothing to tell apart")]
    public void Bad_files_are_refused(string text, params string[] expected)
    {
        _folder.Write("data.csv", text);
        CsvJob.Expect(() => DataLoader.Load(CsvJob.Of("y", []), TargetKind.Classes, 1, _folder.Path), ErrorKind.Data, expected);
    }

    [Fact]
    public void Targets_of_the_wrong_kind_are_refused()
    {
        CsvJob.Expect(() => Load("a,y\n1,2.5\n2,high\n", "y", TargetKind.Values), ErrorKind.Data, "'high'", "data.csv:3",
            "not a finite number");
        CsvJob.Expect(() => Load("a,y\n1,u\n2,v\n3,w\n", "y", TargetKind.Binary), ErrorKind.Data, "3 classes", "u, v, w",
            "softmaxCrossEntropy");
        CsvJob.Expect(() => Load("a,y\n1,2\n", null), ErrorKind.Usage, "data.train.label", "a, y");
        CsvJob.Expect(() => Load("1,2\n3,4\n", "7"), ErrorKind.Data, "no column 7", "0 to 1");
    }

    [Fact]
    public void An_identifier_is_not_taken_for_a_class() => CsvJob.Expect(
        () => Load("a,y\n" + string.Concat(Enumerable.Range(0, 51).Select(i => $"{i},id{i}\n")), "y"), ErrorKind.Data,
            "51 rows has its own label");

    [Fact]
    public void A_class_that_only_the_test_file_has_is_an_error()
    {
        _folder.Write("data.csv", "a,y\n1,u\n3,v\n");
        _folder.Write("test.csv", "a,y\n1,u\n3,w\n");
        CsvJob.Expect(
            () => DataLoader.Load(CsvJob.Of("y", [], test: new CsvFile("test.csv", "y", null)), TargetKind.Classes, 1, _folder.Path),
            ErrorKind.Data, "'w'", "test.csv:3", "the classes are: u, v");
    }

    [Fact]
    public void Files_that_are_no_text_are_named()
    {
        _folder.Write("data.csv", [(byte)'P', (byte)'K', 3, 4, 0, 0]);
        CsvJob.Expect(() => DataLoader.Load(CsvJob.Of("y", []), TargetKind.Classes, 1, _folder.Path), ErrorKind.Data, "not a CSV file",
            "Excel");
        _folder.Write("data.csv", [.. "a,y\n1,"u8, 0xE9, .. "t\n2,v\n"u8]);
        CsvJob.Expect(() => DataLoader.Load(CsvJob.Of("y", []), TargetKind.Classes, 1, _folder.Path), ErrorKind.Data, "not UTF-8",
            "data.csv:2");
    }

    [Fact]
    public void A_missing_file_suggests_its_neighbour_and_a_folder_is_no_file()
    {
        _folder.Write("data.csv", "a,y\n1,2\n");
        CsvJob.Expect(
            () => DataLoader.Load(CsvJob.Of("y", [], path: "dta.csv"), TargetKind.Values, 1, _folder.Path), ErrorKind.Data, "no such file",
                "did you mean 'data.csv'?");
        CsvJob.Expect(() => DataLoader.Load(CsvJob.Of("y", [], path: "."), TargetKind.Values, 1, _folder.Path), ErrorKind.Data,
            "a folder, not a file");
    }

    private TrainingData Load(string text, string? label, TargetKind kind = TargetKind.Classes)
    {
        _folder.Write("data.csv", text);
        return DataLoader.Load(CsvJob.Of(label, []), kind, 1, _folder.Path);
    }
}
